// SPDX-License-Identifier: Apache-2.0

/** What a reconcile that succeeded asks for. */
export interface Outcome {
  /** Reconcile the key again after so many seconds, event or not. */
  readonly requeueAfterSeconds?: number;
}

/** Nothing more to do until something changes. */
export const DONE: Outcome = {};
