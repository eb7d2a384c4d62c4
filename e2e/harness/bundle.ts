// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', 'dist');
/** Set in a run of several files. */
const variable = 'HALLMARK_TESTBED_BUNDLE';

/** True in a run of several files: their operators and commands run what ships, which starts in half the time. */
export const isBundled = process.env[variable] === folder;

/** Bundles the operator and the command for the test files that are to run. */
export async function bundleForSuite(): Promise<void> {
  await bundle();
  process.env[variable] = folder;
}

/** Bundles the operator, unless the suite has done so. @returns its program, from the top of the checkout */
export async function bundledOperator(): Promise<string> {
  if (!isBundled) await bundle();
  return 'dist/main.js';
}

/** Only who bundles loads the bundler. */
async function bundle(): Promise<void> {
  const { writeBundle } = await import('../../packaging/write-bundle.ts');
  await writeBundle(folder);
}
