// SPDX-License-Identifier: Apache-2.0
import { basename, dirname, join } from 'node:path';
import { ownBundleFolder } from './own-bundle-folder.ts';

const checkout = join(import.meta.dirname, '..', '..');
/** Set in a run of several files. */
const variable = 'HALLMARK_TESTBED_BUNDLE';

/**
 * The folder of the bundle in a run of several files, from the top of the checkout: their operators and commands run what ships, which
 * starts in half the time.
 */
export const suiteBundle = folderIn(checkout, process.env[variable]);

/**
 * Bundles the operator and the command for the test files that are to run. The bundle is removed when this process ends.
 * @returns its folder
 */
export async function bundleForSuite(): Promise<string> {
  const folder = join(checkout, await bundle());
  process.env[variable] = folder;
  return folder;
}

/**
 * Bundles the operator as the image does, unless the suite has done so. The bundle is removed when this process ends.
 * @returns its program, from the top of the checkout
 */
export async function bundledOperator(): Promise<string> {
  return `${suiteBundle ?? (await bundle())}/main.js`;
}

/** Only who bundles loads the bundler. @returns the folder, from the top of the checkout */
async function bundle(): Promise<string> {
  const folder = ownBundleFolder(checkout);
  const { writeBundle } = await import('../../packaging/write-bundle.ts');
  await writeBundle(join(checkout, folder));
  return folder;
}

/** A suite of another checkout may have started this process. */
function folderIn(root: string, path: string | undefined): string | undefined {
  return path !== undefined && dirname(path) === root ? basename(path) : undefined;
}
