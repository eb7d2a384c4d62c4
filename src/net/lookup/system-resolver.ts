// SPDX-License-Identifier: Apache-2.0
import { ADDRCONFIG, lookup } from 'node:dns';
import type { NameResolver } from './name-resolver.ts';

/**
 * The system's own way (getaddrinfo), which knows all that this machine is configured for. Each look-up holds one of few threads until it
 * ends, so it is for commands that serve one user. The operator has `ClusterResolver`.
 */
export const systemResolver: NameResolver = {
  resolve: (name) =>
    new Promise((resolve, reject) => {
      lookup(name, { family: 0, hints: ADDRCONFIG, all: true }, (error, addresses) => {
        if (error === null) resolve({ addresses, ttlSeconds: 0 });
        else reject(error);
      });
    }),
};
