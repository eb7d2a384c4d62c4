// SPDX-License-Identifier: Apache-2.0
import { registerHooks } from 'node:module';
import { replacementOf } from './kubernetes-client-parts.ts';

const hooks = registerHooks({
  load(url, context, nextLoad) {
    const source = replacementOf(url);
    return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
  },
});

/**
 * The configuration of `@kubernetes/client-node`, without the package's models and API classes. Every later import of the package in this
 * process is as reduced. The bundle of the image reduces it when it is made.
 */
export const { KubeConfig } = await import('@kubernetes/client-node');
export type KubeConfig = InstanceType<typeof KubeConfig>;

hooks.deregister();
