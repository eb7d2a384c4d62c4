// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';

/** List the folders of src/ that hold more than two sources, tests and their data aside, and no README.md. */
export function undescribedFolders(files: readonly string[]): readonly string[] {
  const all = new Set(files);
  const sources = files.filter(
    (path) => /^src\/.+\/.+\.ts$/.test(path) && !/\.(test|contract|fixture)\.ts$/.test(path),
  );
  const folders = Map.groupBy(sources, dirname);
  return [...folders]
    .filter(([folder, members]) => members.length > 2 && !all.has(join(folder, 'README.md')))
    .map(([folder]) => `${folder}: needs a README.md of three lines: its purpose, its content, what it must not know`);
}
