// SPDX-License-Identifier: Apache-2.0

/** Node clamps longer timers to 1 ms: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface LongDelayOptions {
  readonly signal?: AbortSignal | undefined;
  /** False: it keeps no process alive. */
  readonly ref?: boolean;
}

/** Waits for `ms`, however long that is. Rejects with the signal's reason as soon as the signal aborts. */
export function longDelay(ms: number, { signal, ref = true }: LongDelayOptions = {}): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, LONGEST_TIMER_MS);
    timer = setTimeout(() => {
      if (leftMs > stepMs) wait(leftMs - stepMs);
      else resolve(undefined);
    }, stepMs);
    if (!ref) timer.unref();
  };
  const giveUp = (): void => {
    clearTimeout(timer);
    // The caller's own reason, whatever it is.
    reject(signal?.reason);
  };
  wait(Math.max(0, ms));
  signal?.addEventListener('abort', giveUp, { once: true });
  return promise.finally(() => signal?.removeEventListener('abort', giveUp));
}
