// SPDX-License-Identifier: Apache-2.0
import { TurnLine } from './turn-line.ts';

/**
 * Work that takes the event loop for many milliseconds at a time: one piece in a turn of the loop, so that sockets and timers are served in
 * between, and the pieces of different tenants in turns.
 */
export class HeavyWork {
  readonly #line = new TurnLine();

  /** The result of a piece, once its turn came. A piece that works in another thread keeps the place until it ends. */
  result<T>(tenant: string, piece: () => T | Promise<T>): Promise<T> {
    return this.#line.result(tenant, async () => {
      await new Promise(setImmediate);
      return piece();
    });
  }
}
