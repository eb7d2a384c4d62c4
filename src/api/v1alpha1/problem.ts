// SPDX-License-Identifier: Apache-2.0
import type { Reason } from './reasons.ts';

/** Why something is not so, for people and for machines. */
export interface Problem {
  readonly reason: Reason;
  /** Names the object, the value and the remedy. */
  readonly message: string;
}
