// SPDX-License-Identifier: Apache-2.0
// `node packaging/application.ts FOLDER`: writes the application of the image into a folder, as the Dockerfile does.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { applicationFiles } from './image/application-files.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node packaging/application.ts FOLDER');
for (const { path, content } of await applicationFiles(join(import.meta.dirname, '..'))) {
  const target = resolve(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
}
