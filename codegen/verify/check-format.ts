// SPDX-License-Identifier: Apache-2.0
// Checks the format of all files of the checkout: `node codegen/verify/check-format.ts`. With --write, mends it.
import { join } from 'node:path';
import { checkoutFiles } from './checkout-files.ts';
import { format, unformatted } from './unformatted.ts';

const root = join(import.meta.dirname, '..', '..');
const paths = checkoutFiles(root);
if (process.argv.includes('--write')) format(root, paths);
else {
  const wrong = unformatted(root, paths);
  for (const path of wrong) console.log(`${path} has another format than prettier gives it`);
  if (wrong.length > 0) process.exitCode = 1;
}
