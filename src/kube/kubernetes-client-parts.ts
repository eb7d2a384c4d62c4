// SPDX-License-Identifier: Apache-2.0

/**
 * The modules of `@kubernetes/client-node` that load all of its generated models (75 MiB and most of a second at each start), and what to
 * load in their place: the exports that `KubeConfig` and the base class of the operator use.
 */
const replacements: ReadonlyMap<string, string> = new Map([
  ['/@kubernetes/client-node/dist/index.js', `export { KubeConfig } from './config.js'; export class CoreV1Api {}`],
  [
    '/@kubernetes/client-node/dist/gen/index.js',
    `export { createConfiguration } from './configuration.js'; export { ServerConfiguration } from './servers.js';`,
  ],
]);

/** The source to load in place of a module of `@kubernetes/client-node`; undefined for every module that is loaded as it is. @param path its path or URL */
export function replacementOf(path: string): string | undefined {
  return replacements.get(path.slice(path.lastIndexOf('/@kubernetes/')));
}
