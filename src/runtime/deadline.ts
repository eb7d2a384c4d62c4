// SPDX-License-Identifier: Apache-2.0
import { abortable } from './abortable.ts';
import type { Clock } from './clock.ts';

/**
 * The signal of a caller and a deadline in one. Its timer keeps no process alive and, unlike that of `AbortSignal.timeout`, ends with the
 * work: thousands of short calls would leave a timer and a signal each in memory until their time is over.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(timeoutMs: number, caller?: AbortSignal) {
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort(new Error(`no answer within ${timeoutMs} ms`));
      this.end();
    }, timeoutMs).unref();
    if (caller?.aborted === true) this.#onAbort();
    else caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Aborts when the time is over, or with the reason of the caller. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time was over before the work ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lets the work take any time; the caller's signal still counts. */
  disarm(): void {
    clearTimeout(this.#timer);
  }

  /** The work has ended. */
  end(): void {
    this.disarm();
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#controller.abort(this.#caller?.reason);
    this.end();
  };
}

export interface DeadlineOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** The error for work that takes longer. `cause` is its failure after the deadline. */
  readonly overdue: (cause: unknown) => Error;
}

/**
 * Ends work when the caller aborts (with the signal's reason) or the time is over, even if the client library in it ignores its
 * signal.
 */
export async function withinDeadline<T>(
  { signal, timeoutMs, overdue }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const deadline = new Deadline(timeoutMs, signal);
  try {
    return await abortable(work(deadline.signal), deadline.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw deadline.isOver ? overdue(error) : error;
  } finally {
    deadline.end();
  }
}

/** Waits until the work settles, but no longer than `ms`. @returns true when it is still under way */
export async function outlasts(work: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  const settled = work.then(
    () => false,
    () => false,
  );
  const slow = clock.sleep(ms, over.signal).then(
    () => true,
    () => false,
  );
  const isSlow = await Promise.race([settled, slow]);
  over.abort();
  return isSlow;
}
