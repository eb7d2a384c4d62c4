// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutFiles } from './checkout-files.ts';
import { sourceFaults } from './source-rules.ts';

const root = join(import.meta.dirname, '..', '..');
const checked = checkoutFiles(root).filter((path) => /\.(ts|go|json)$/.test(path));
const faults = checked.flatMap((path) => sourceFaults(path, readFileSync(join(root, path), 'utf8')));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
