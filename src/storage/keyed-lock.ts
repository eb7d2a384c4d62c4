// SPDX-License-Identifier: Apache-2.0
import { abortable } from '../runtime/abortable.ts';

/** Runs one piece of work at a time per key, in order. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Run `work` when all earlier work of this key has ended. An abort while waiting rejects with the signal's reason. */
  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const { promise: done, resolve: release } = Promise.withResolvers<undefined>();
    const tail = before.then(() => done);
    this.#tails.set(key, tail);
    try {
      await abortable(before, signal);
      return await work();
    } finally {
      release(undefined);
      // Drop the key unless other work was queued meanwhile.
      if (this.#tails.get(key) === tail)
        void tail.then(() => {
          this.#forget(key, tail);
        });
    }
  }

  #forget(key: string, tail: Promise<void>): void {
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}
