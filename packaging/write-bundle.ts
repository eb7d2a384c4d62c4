// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { replacementOf } from '../src/kube/kubernetes-client-parts.ts';
import { onDemand } from './on-demand.ts';

const ROOT = join(import.meta.dirname, '..');

/** Packages in CommonJS ask for modules of Node by a function that modules of ECMAScript do not have. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

/** Leaves the generated models of the Kubernetes client out, as `src/kube/kube-config.ts` does for the sources. */
export const reducedKubernetesClient: Plugin = {
  name: 'reduced Kubernetes client',
  setup(context) {
    context.onLoad({ filter: /@kubernetes\/client-node\/dist\/.*index\.js$/ }, ({ path }) => {
      const contents = replacementOf(path);
      return contents === undefined ? undefined : { contents, loader: 'js', resolveDir: dirname(path) };
    });
  },
};

/**
 * Bundle the operator (`main.js`) and the command (`cli.js`) into a folder, with the packages that each start loads. The folder is emptied
 * first. Modules that are loaded later are in files of their own. Names stay as they are in the sources, and each file has a source map.
 * @returns what went into which file
 */
export async function writeBundle(folder: string): Promise<Metafile> {
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { main: 'src/main.ts', cli: 'src/cli/main.ts' },
    outdir: folder,
    chunkNames: 'parts/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...onDemand],
    // A folder of packages that several checkouts share is named as their own.
    preserveSymlinks: true,
    plugins: [reducedKubernetesClient],
    banner: { js: REQUIRE },
    minifyWhitespace: true,
    keepNames: false,
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}
