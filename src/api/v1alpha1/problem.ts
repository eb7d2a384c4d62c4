// SPDX-License-Identifier: Apache-2.0
import type { Reason } from './reasons.ts';

/** A reason and a message for a condition that is not met. */
export interface Problem {
  readonly reason: Reason;
  /** The message names the object, the value and the remedy. */
  readonly message: string;
}

export function isProblem(value: object): value is Problem {
  return 'reason' in value;
}
