// SPDX-License-Identifier: Apache-2.0
import { longDelay } from '../runtime/long-delay.ts';

/** A signal that aborts after `ms`, with a TimeoutError that says so. It keeps no process alive. */
export function timeLimit(ms: number): AbortSignal {
  const controller = new AbortController();
  const message = `the command did not end within ${ms / 1000} seconds`;
  void longDelay(ms, { ref: false }).then(() => {
    controller.abort(new DOMException(message, 'TimeoutError'));
  });
  return controller.signal;
}
