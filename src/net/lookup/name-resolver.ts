// SPDX-License-Identifier: Apache-2.0
import { ADDRCONFIG, lookup, type LookupAddress } from 'node:dns';

/** The addresses of a name. */
export interface ResolvedName {
  /** At least one. */
  readonly addresses: readonly LookupAddress[];
  /** The TTL of the answer. 0: it has none, or must not be cached. */
  readonly ttlSeconds: number;
}

/** Finds the addresses of names. */
export interface NameResolver {
  /** @param name in ASCII and lower case @throws Error with a `code`. One that cannot be aborted ends in its own time. */
  resolve(name: string, signal: AbortSignal): Promise<ResolvedName>;
}

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
