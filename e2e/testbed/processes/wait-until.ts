// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { measured } from './measured.ts';

export interface WaitOptions {
  readonly timeoutSeconds?: number;
  readonly intervalMilliseconds?: number;
}

/**
 * Asks again and again until `probe` gives something other than `undefined` or `false`, and returns that.
 * An error that `probe` throws counts as "not yet", and becomes the cause of the final error.
 */
export function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | false>> {
  return measured('waiting', () => wait(what, probe, options));
}

async function wait<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, undefined | false>> {
  const { timeoutSeconds = 120, intervalMilliseconds = 100 } = options;
  const deadline = Date.now() + timeoutSeconds * 1000;
  let cause: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (isFound(found)) return found;
      cause = undefined;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      cause = error;
    }
    if (Date.now() >= deadline) throw new Error(`waited ${timeoutSeconds} s in vain until ${what}`, { cause });
    await delay(intervalMilliseconds);
  }
}

/** Thrown by a probe when waiting longer is pointless. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}

function isFound<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
