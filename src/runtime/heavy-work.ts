// SPDX-License-Identifier: Apache-2.0
import { TurnLine } from './turn-line.ts';

/** Other work waits no longer for a piece than for its last step. */
const PIECE_MS = 20;

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

  /** The result of work that stops after each step: as many steps in a piece as its time allows. */
  async inPieces<T>(tenant: string, steps: Iterator<undefined, T, undefined>, pieceMs = PIECE_MS): Promise<T> {
    for (;;) {
      const { done, value } = await this.result(tenant, () => advance(steps, pieceMs));
      if (done === true) return value;
    }
  }
}

function advance<T>(steps: Iterator<undefined, T, undefined>, pieceMs: number): IteratorResult<undefined, T> {
  const untilMs = performance.now() + pieceMs;
  let step = steps.next();
  while (step.done !== true && performance.now() < untilMs) step = steps.next();
  return step;
}
