// SPDX-License-Identifier: Apache-2.0
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';

/** Costs of scrypt as cosign writes them. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const KEY_BYTES = 32;

const scryptAsync = promisify(
  (password: Uint8Array, salt: Uint8Array, cost: ScryptCost, callback: (error: Error | null, key: Buffer) => void) => {
    // scrypt needs 128 * N * r bytes; Node asks for the bound to be said.
    scrypt(password, salt, KEY_BYTES, { ...cost, maxmem: 130 * cost.N * cost.r + 1024 * 1024 }, callback);
  },
);

/** One derivation takes up to 128 MiB, and the process has one memory: they go one after the other. */
let derivations: Promise<unknown> = Promise.resolve();

/** The key that a password stands for, off the event loop. */
export async function deriveKey(password: Uint8Array, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const derivation = derivations.then(() => scryptAsync(password, salt, cost));
  derivations = derivation.catch(() => undefined);
  return derivation;
}
