// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { writeBundle } from '../packaging/write-bundle.ts';

const ROOT = join(import.meta.dirname, '..');

/** Bundles the operator as the image does. @returns its entry point, from the checkout's root */
export async function bundledOperator(): Promise<string> {
  await writeBundle(join(ROOT, 'dist'));
  return 'dist/main.js';
}
