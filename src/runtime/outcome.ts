// SPDX-License-Identifier: Apache-2.0

/** What a reconcile that succeeded asks for. */
export interface Outcome {
  /** Reconcile the key again after so many seconds, event or not. */
  readonly requeueAfterSeconds?: number;
  /** Nothing was tried: the failures before still count, and what is kept for the key is still needed. */
  readonly isDeferred?: true;
}

/** Nothing more to do until something changes. */
export const DONE: Outcome = {};

/** There is no room for it now; whoever said so adds the key again when there is. */
export const DEFERRED: Outcome = { isDeferred: true };
