// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';

/** The addresses of a name. */
export interface ResolvedName {
  /** At least one. */
  readonly addresses: readonly LookupAddress[];
  /** How long the answer holds. 0: it says nothing of that, or is not to be kept. */
  readonly ttlSeconds: number;
}

/** Finds the addresses of names. */
export interface NameResolver {
  /** @param name in ASCII and lower case @throws Error with a `code`. One that cannot be aborted ends in its own time. */
  resolve(name: string, signal: AbortSignal): Promise<ResolvedName>;
}
