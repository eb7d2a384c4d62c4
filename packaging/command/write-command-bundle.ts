// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { reducedKubernetesClient } from '../write-bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Packages in CommonJS expect names that modules of ECMAScript do not have. None of them finds a file by its folder. */
const BANNER = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url), __dirname = '/', __filename = '/hallmark';`;

/** Sources that look for a file or package on the disk at run time get it at build time. */
const builtIn = (version: string): Plugin => ({
  name: 'built in',
  setup(context) {
    context.onLoad({ filter: /\/src\/package-version\.ts$/ }, () => ({
      contents: `export const packageVersion = () => ${JSON.stringify(version)};`,
      loader: 'ts',
    }));
    context.onLoad(
      { filter: /\/src\/(trust\/tuf-roots|storage\/mongodb\/refuse-compression)\.ts$/ },
      async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const contents = source
          .replace(/createRequire\(import\.meta\.url\)\(('[^']+')\)/, 'require($1)')
          .replace(
            /createRequire\(import\.meta\.url\)\(MODULE\)/,
            `require('mongodb/lib/cmap/wire_protocol/compression.js')`,
          );
        if (contents === source) throw new Error(`${path} loads nothing at run time any more: remove it here`);
        return { contents, loader: 'ts' };
      },
    );
  },
});

/** Bundles the command with everything that it can load into modules of their own, by name. The first is `cli.js`. */
export async function writeCommandBundle(version: string): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: '/',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    preserveSymlinks: true,
    plugins: [reducedKubernetesClient, builtIn(version)],
    banner: { js: BANNER },
    minifyWhitespace: true,
    write: false,
    logLevel: 'warning',
  });
  return new Map(outputFiles.map(({ path, text }) => [path.slice(1), text]));
}
