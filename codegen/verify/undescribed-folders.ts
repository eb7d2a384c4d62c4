// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';

/** List the folders of src/ that hold sources and no README.md. */
export function undescribedFolders(files: readonly string[]): readonly string[] {
  const all = new Set(files);
  const folders = new Set(files.filter((path) => /^src\/.+\/.+\.ts$/.test(path)).map((path) => dirname(path)));
  return [...folders]
    .filter((folder) => !all.has(join(folder, 'README.md')))
    .map((folder) => `${folder}: needs a README.md of three lines: its purpose, its content, what it must not know`);
}
