// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition } from './condition.ts';
import { kstatus, type KStatus } from './kstatus.fixture.ts';

function condition(type: string, status: Condition['status']): Condition {
  return { type, status, reason: 'Progressing', message: '', lastTransitionTime: '2026-01-31T12:00:00Z' };
}

const metadata = { generation: 2 };

describe('kstatus', () => {
  const cases: readonly (readonly [string, Parameters<typeof kstatus>[0], KStatus])[] = [
    ['an object without status is current', { metadata }, 'Current'],
    [
      'deletion wins',
      { metadata: { ...metadata, deletionTimestamp: '2026-01-31T12:00:00Z' }, status: { observedGeneration: 1 } },
      'Terminating',
    ],
    [
      'an edit not yet seen is in progress',
      { metadata, status: { observedGeneration: 1, conditions: [condition('Ready', 'True')] } },
      'InProgress',
    ],
    [
      'of Reconciling and Stalled the first in the list counts: Reconciling',
      { metadata, status: { conditions: [condition('Reconciling', 'True'), condition('Stalled', 'True')] } },
      'InProgress',
    ],
    [
      'of Reconciling and Stalled the first in the list counts: Stalled',
      { metadata, status: { conditions: [condition('Stalled', 'True'), condition('Reconciling', 'True')] } },
      'Failed',
    ],
    [
      'an object without a generation is judged by its conditions',
      { metadata: {}, status: { observedGeneration: 2, conditions: [condition('Ready', 'True')] } },
      'Current',
    ],
    [
      'a Ready that is Unknown is in progress',
      { metadata, status: { conditions: [condition('Ready', 'Unknown')] } },
      'InProgress',
    ],
    [
      'Stalled is a failure',
      {
        metadata,
        status: { observedGeneration: 2, conditions: [condition('Ready', 'False'), condition('Stalled', 'True')] },
      },
      'Failed',
    ],
    ['not ready is in progress', { metadata, status: { conditions: [condition('Ready', 'False')] } }, 'InProgress'],
    [
      'ready is current',
      { metadata, status: { conditions: [condition('Ready', 'True'), condition('Stalled', 'False')] } },
      'Current',
    ],
  ];
  for (const [name, object, expected] of cases) {
    it(name, () => {
      assert.equal(kstatus(object), expected);
    });
  }
});
