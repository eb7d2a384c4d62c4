// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import type { GracePeriods, Lack } from './memory/grace-periods.ts';
import { storedConditions } from './write-status.ts';

/** A key, and its lack as of the object that was read. */
export interface LackOf<Key> {
  readonly key: Key;
  readonly object: unknown;
  readonly lack: Lack;
}

/** Seconds until what is missing is overdue, 0 when it is. A stalled status of the same generation gives no second grace after a restart. */
export function secondsOfGrace<Key extends string>(
  graces: GracePeriods<Key>,
  { key, object, lack }: LackOf<Key>,
): number {
  const stalled = storedConditions(object).find(({ type }) => type === 'Stalled');
  const isOfThis = field(field(object, 'status'), 'observedGeneration') === lack.generation;
  const wasOver = isOfThis && stalled?.status === 'True' && stalled.reason === lack.reason;
  return graces.secondsLeft(key, lack, { wasOver });
}
