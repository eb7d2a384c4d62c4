// SPDX-License-Identifier: Apache-2.0
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** An entry of an archive. Its folders are added. */
export interface TarEntry {
  /** Without a slash at its beginning or end. */
  readonly path: string;
  readonly content: Buffer | { readonly linkTo: string } | 'folder';
  /** Permissions; by default those of a file or folder that all may read. */
  readonly mode?: number;
}

/** An archive, as it is and compressed. */
export interface Tarball {
  readonly tar: Buffer;
  readonly gzip: Buffer;
}

/** Archives files of root in the order of their paths, all of one time, so that the same files make the same bytes. */
export async function tarball(entries: readonly TarEntry[], time: Date): Promise<Tarball> {
  const archive = pack();
  const bytes = buffer(archive);
  for (const { path, content, mode } of withFolders(entries)) {
    const common = { name: path, mtime: time, uid: 0, gid: 0, uname: 'root', gname: 'root' };
    if (content === 'folder') archive.entry({ ...common, type: 'directory', mode: mode ?? 0o755 });
    else if (Buffer.isBuffer(content)) archive.entry({ ...common, type: 'file', mode: mode ?? 0o644 }, content);
    else archive.entry({ ...common, type: 'symlink', mode: 0o777, linkname: content.linkTo });
  }
  archive.finalize();
  const tar = await bytes;
  return { tar, gzip: gzipSync(tar) };
}

function withFolders(entries: readonly TarEntry[]): readonly TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const { path } of entries) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      byPath.set(folder, { path: folder, content: 'folder' });
    }
  }
  for (const entry of entries) byPath.set(entry.path, entry);
  return [...byPath.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}
