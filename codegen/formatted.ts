// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '..');

/** Format the text of a file of the checkout as `npm run format` would leave it. */
export async function formatted(path: string, text: string): Promise<string> {
  const { ignored } = await getFileInfo(join(root, path), { ignorePath: join(root, '.prettierignore') });
  return ignored ? text : format(text, { ...(await resolveConfig(join(root, path))), filepath: path });
}
