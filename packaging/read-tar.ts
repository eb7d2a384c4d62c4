// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import type { TarEntry } from './oci/tarball.ts';

/** Reads the files and links of an archive that are wanted, by their paths without "./" or "/" before them. */
export async function readTar(tar: Buffer, isWanted: (path: string) => boolean): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  const archive = extract();
  const reading = async (): Promise<void> => {
    for await (const entry of archive) {
      const { name, type, mode, linkname } = entry.header;
      const path = name.replace(/^(\.?\/)+/, '').replace(/\/$/, '');
      const bytes = await buffer(entry);
      if (!isWanted(path)) continue;
      if (type === 'symlink' && typeof linkname === 'string') entries.push({ path, content: { linkTo: linkname } });
      else if (type === 'file') entries.push({ path, content: bytes, mode: mode & 0o755 });
    }
  };
  // In parts, because an entry may be larger than what the reader takes at once.
  const parts = function* (): Generator<Buffer> {
    for (let offset = 0; offset < tar.length; offset += 65_536) yield tar.subarray(offset, offset + 65_536);
  };
  await Promise.all([pipeline(Readable.from(parts()), archive), reading()]);
  return entries;
}
