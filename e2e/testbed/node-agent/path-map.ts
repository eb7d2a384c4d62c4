// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Container } from './pod.ts';

/**
 * Containers here are plain processes that see the machine's own file system, so what names a mount path must name the
 * folder that stands in for the volume.
 */
export class PathMap {
  readonly #folders: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | undefined;

  /** @param folders mount path to the folder that stands in for it */
  constructor(folders: ReadonlyMap<string, string>) {
    this.#folders = folders;
    // The longest first, so that a mount inside another mount wins.
    const paths = [...folders.keys()]
      .sort((a, b) => b.length - a.length)
      .map((path) => path.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    // A path ends where its next character could not go on naming the same file or folder.
    this.#pattern = paths.length === 0 ? undefined : new RegExp(`(?<![\\w./-])(?:${paths.join('|')})(?![\\w.-])`, 'g');
  }

  /** The mounts of a container, and folders that stand in for some of its image's own. */
  static of(
    container: Container,
    volumeDirectories: ReadonlyMap<string, string>,
    imageFolders: Readonly<Record<string, string>> = {},
  ): PathMap {
    const folders = (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath = '' }): [string, string][] => {
      const directory = volumeDirectories.get(name);
      return directory === undefined ? [] : [[mountPath.replace(/(?<=.)\/+$/, ''), join(directory, subPath)]];
    });
    return new PathMap(new Map([...Object.entries(imageFolders), ...folders]));
  }

  /** The text with every mount path in it replaced. */
  rewrite(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (path) => this.#folders.get(path) ?? path);
  }

  /** The folder that stands in for exactly this mount path. */
  folder(mountPath: string): string | undefined {
    return this.#folders.get(mountPath);
  }
}
