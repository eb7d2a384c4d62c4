// SPDX-License-Identifier: Apache-2.0

/** Keys that one turn of the event loop admits. Many that need no I/O must not keep timers and sockets waiting either. */
const MAX_KEYS = 64;

/** Admits each key once in a turn of the event loop, and no more than some dozens of keys. */
export class EventLoopTurn {
  readonly #admitted = new Set<string>();
  #end: Promise<void> | undefined;

  /** @returns whether the key may be worked on in this turn; otherwise `next` waits for one in which it may */
  admits(key: string): boolean {
    if (this.#admitted.size >= MAX_KEYS || this.#admitted.has(key)) return false;
    this.#admitted.add(key);
    this.#end ??= this.#ending();
    return true;
  }

  /** Resolves in the first later turn that admits the key. */
  async next(key: string): Promise<void> {
    do await (this.#end ??= this.#ending());
    while (!this.admits(key));
  }

  /** Resolves when timers and I/O have had their turn. */
  #ending(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#admitted.clear();
        this.#end = undefined;
        resolve();
      });
    });
  }
}
