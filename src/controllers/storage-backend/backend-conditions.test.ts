// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Reason } from '../../api/v1alpha1/reasons.ts';
import { backendConditions } from './backend-conditions.ts';

const rows: readonly (readonly [reason: Reason | undefined, ready: string, reconciling: string, stalled: string])[] = [
  [undefined, 'True', 'False', 'False'],
  ['BackendUnavailable', 'False', 'True', 'False'],
  ['BackendNotReady', 'False', 'True', 'False'],
  ['BackendUnauthorized', 'False', 'False', 'True'],
  ['BackendRejected', 'False', 'False', 'True'],
  ['EndpointForbidden', 'False', 'False', 'True'],
];

describe('backendConditions', () => {
  for (const [reason, ...statuses] of rows) {
    it(`separates problems that pass from those that need a change: ${reason ?? 'no problem'}`, () => {
      const conditions = backendConditions(2, reason === undefined ? undefined : { reason, message: 'why' });
      assert.deepEqual(
        conditions.map(({ type, status }) => [type, status]),
        ['Ready', 'Reconciling', 'Stalled'].map((type, index) => [type, statuses[index]]),
      );
      for (const condition of conditions) {
        assert.equal(condition.observedGeneration, 2);
        assert.equal(condition.reason, reason ?? 'Ready');
      }
    });
  }
});
