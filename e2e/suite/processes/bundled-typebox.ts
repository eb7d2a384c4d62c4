// SPDX-License-Identifier: Apache-2.0
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** All that tests import of the package: two instances of it would not know each other's formats. */
const imported: readonly string[] = ['typebox', 'typebox/compile', 'typebox/value'];

/** The folder of typebox in the bundle of a run. */
export function typeboxFolder(bundle: string): string {
  return join(bundle, 'packages');
}

/**
 * Bundles typebox into a folder. Its 680 modules take a third of a second of processor time to load, and every process of test files
 * loads them.
 * @param checkout where the package is found
 */
export async function bundleTypebox(checkout: string, folder: string): Promise<void> {
  // Only who bundles loads the bundler.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: checkout,
    entryPoints: imported.map((name) => ({ in: name, out: name })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
}

/** Has the modules that this process imports from now on find typebox in the folder of its bundle. */
export function useBundledTypebox(folder: string): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== 'typebox' && !specifier.startsWith('typebox/')) return next(specifier, context);
      if (!imported.includes(specifier)) throw new Error(`the bundle of the tests leaves ${specifier} out`);
      const url = pathToFileURL(join(folder, `${specifier}.js`)).href;
      return { url, format: 'module', shortCircuit: true };
    },
  });
}
