// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Reason } from '../../api/v1alpha1/reasons.ts';
import { kstatus, type KStatus } from '../../api/v1alpha1/kstatus.fixture.ts';
import { backendConditions } from './backend-conditions.ts';

type Flag = '' | 'Reconciling' | 'Stalled';

const rows: readonly (readonly [reason: Reason | undefined, atOnce: Flag, overdue: Flag])[] = [
  [undefined, '', ''],
  ['BackendUnavailable', 'Reconciling', 'Reconciling'],
  ['BackendUnauthorized', 'Reconciling', 'Stalled'],
  ['EndpointForbidden', 'Reconciling', 'Stalled'],
  ['BackendNotReady', 'Stalled', 'Stalled'],
  ['BackendRejected', 'Stalled', 'Stalled'],
  ['CeilingExceeded', 'Stalled', 'Stalled'],
];

const outcome: Readonly<Record<Flag, KStatus>> = { '': 'Current', Reconciling: 'InProgress', Stalled: 'Failed' };

describe('backendConditions', () => {
  for (const [reason, ...flags] of rows) {
    for (const [index, flag] of flags.entries()) {
      const isOverdue = index === 1;
      it(`is ${outcome[flag]} ${isOverdue ? 'for long' : 'at once'} with ${reason ?? 'no problem'}`, () => {
        const problem = reason === undefined ? undefined : { reason, message: 'why' };
        const conditions = backendConditions({ generation: 2, problem, isOverdue });
        assert.deepEqual(
          conditions.map(({ type, status }) => [type, status]),
          [
            ['Ready', reason === undefined ? 'True' : 'False'],
            ['Reconciling', flag === 'Reconciling' ? 'True' : 'False'],
            ['Stalled', flag === 'Stalled' ? 'True' : 'False'],
          ],
        );
        for (const condition of conditions) {
          assert.equal(condition.observedGeneration, 2);
          assert.equal(condition.reason, reason ?? 'Ready');
        }
        const timed = conditions.map((fact) => ({ ...fact, lastTransitionTime: '2026-01-01T00:00:00Z' }));
        assert.equal(
          kstatus({ metadata: { generation: 2 }, status: { observedGeneration: 2, conditions: timed } }),
          outcome[flag],
        );
      });
    }
  }
});
