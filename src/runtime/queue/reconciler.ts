// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from './outcome.ts';

/** Makes the world as the objects that its keys name ask for. */
export interface Reconciler<Key extends string> {
  /** May run twice for the same state; never sleeps. @throws to be called again after a back-off */
  reconcile(key: Key, signal: AbortSignal): Promise<Outcome>;
}
