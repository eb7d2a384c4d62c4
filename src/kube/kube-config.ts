// SPDX-License-Identifier: Apache-2.0
import { registerHooks } from 'node:module';

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

const hooks = registerHooks({
  load(url, context, nextLoad) {
    const source = replacements.get(url.slice(url.lastIndexOf('/@kubernetes/')));
    return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
  },
});

/**
 * The configuration of `@kubernetes/client-node`, without the package's models and API classes. Every later import of the package in this
 * process is as reduced.
 */
export const { KubeConfig } = await import('@kubernetes/client-node');
export type KubeConfig = InstanceType<typeof KubeConfig>;

hooks.deregister();
