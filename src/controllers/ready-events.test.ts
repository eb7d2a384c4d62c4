// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition } from '../api/v1alpha1/condition.ts';
import { readyEvents } from './ready-events.ts';

type Status = Condition['status'];

function ready(status: Status, reason: string, message = 'why'): readonly Condition[] {
  return [{ type: 'Ready', status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' }];
}

const missing = { type: 'Warning', reason: 'KeyNotFound', message: 'why' };

describe('the Events of a policy or backend', () => {
  const cases: readonly (readonly [string, readonly Condition[], readonly Condition[], readonly object[]])[] = [
    ['warn when it is not ready', [], ready('False', 'KeyNotFound'), [missing]],
    ['warn of another reason', ready('False', 'KeyInvalid'), ready('False', 'KeyNotFound'), [missing]],
    ['warn when it is ready no more', ready('True', 'Ready'), ready('False', 'KeyNotFound'), [missing]],
    ['repeat nothing while the reason stays', ready('False', 'KeyNotFound', 'a'), ready('False', 'KeyNotFound'), []],
    ['say nothing while it is ready', ready('True', 'Ready', 'one'), ready('True', 'Ready', 'two'), []],
    ['say when it is ready', [], ready('True', 'Ready'), [{ type: 'Normal', reason: 'Ready', message: 'why' }]],
    [
      'say what it recovered from',
      ready('False', 'KeyNotFound'),
      ready('True', 'Ready'),
      [{ type: 'Normal', reason: 'Ready', message: 'recovered from KeyNotFound: why' }],
    ],
    [
      'say that it is suspended',
      ready('True', 'Ready'),
      ready('True', 'Suspended'),
      [{ type: 'Normal', reason: 'Suspended', message: 'why' }],
    ],
    ['leave out what passes', [], ready('Unknown', 'Progressing'), []],
  ];
  for (const [title, before, after, expected] of cases) {
    it(title, () => {
      assert.deepEqual(readyEvents(before, after), expected);
    });
  }
});
