// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setConditions, type ConditionFact } from './condition.ts';

const first = new Date('2026-01-31T12:00:00.789Z');
const later = new Date('2026-01-31T13:00:00Z');

function ready(status: ConditionFact['status'], overrides: Partial<ConditionFact> = {}): ConditionFact {
  return { type: 'Ready', status, observedGeneration: 1, reason: 'Stored', message: 'all stored', ...overrides };
}

describe('setConditions', () => {
  it('sets the time of a new condition to now, in whole seconds', () => {
    assert.deepEqual(setConditions(undefined, [ready('True')], first), [
      {
        type: 'Ready',
        status: 'True',
        observedGeneration: 1,
        lastTransitionTime: '2026-01-31T12:00:00Z',
        reason: 'Stored',
        message: 'all stored',
      },
    ]);
  });

  const before = setConditions(undefined, [ready('True')], first);
  const cases: readonly (readonly [string, ConditionFact, string])[] = [
    ['keeps the time when nothing changed', ready('True'), '2026-01-31T12:00:00Z'],
    ['keeps the time when only the message changed', ready('True', { message: 'other' }), '2026-01-31T12:00:00Z'],
    ['keeps the time when only the reason changed', ready('True', { reason: 'AuditOnly' }), '2026-01-31T12:00:00Z'],
    [
      'keeps the time when only the generation changed',
      ready('True', { observedGeneration: 2 }),
      '2026-01-31T12:00:00Z',
    ],
    ['moves the time when the status changed', ready('False'), '2026-01-31T13:00:00Z'],
    ['moves the time when the status became unknown', ready('Unknown'), '2026-01-31T13:00:00Z'],
  ];
  for (const [name, fact, time] of cases) {
    it(name, () => {
      assert.deepEqual(setConditions(before, [fact], later), [{ ...fact, lastTransitionTime: time }]);
    });
  }

  it('holds exactly the types of the facts, in their order', () => {
    const facts = [ready('False', { type: 'Stalled' }), ready('True', { type: 'Signed' })];
    assert.deepEqual(
      setConditions(before, facts, later).map(({ type }) => type),
      ['Stalled', 'Signed'],
    );
  });

  it('is idempotent: the same facts give equal conditions', () => {
    assert.deepEqual(setConditions(before, [ready('True')], later), before);
  });

  it('cuts a message to the limit of the schema, never inside a character', () => {
    const [condition] = setConditions(undefined, [ready('False', { message: '😀'.repeat(5000) })], first);
    assert.equal(condition?.message, `${'😀'.repeat(4095)}…`);
  });
});
