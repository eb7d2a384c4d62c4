// SPDX-License-Identifier: Apache-2.0

/** The requests of a reconcile that succeeded. */
export interface Outcome {
  /** Reconcile the key again after so many seconds, event or not. */
  readonly requeueAfterSeconds?: number;
  /** No event asks for that: the key waits behind others when its time has come. */
  readonly isIdle?: true;
  /** A part of the work waits for room, and the key is added when there is some: what is kept for it is still needed. */
  readonly waitsForTurn?: true;
  /** Nothing was tried: the failures before still count, and what is kept for the key is still needed. */
  readonly isDeferred?: true;
}

/** Nothing more to do until something changes. */
export const DONE: Outcome = {};

/** There is no room for it now; the lane that refused it adds the key again when there is. */
export const DEFERRED: Outcome = { isDeferred: true };
