// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseWaitCondition } from './wait-condition.ts';

const object = {
  metadata: { generation: 2 },
  status: {
    reason: 'Stored',
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Stored', observedGeneration: 2 },
      { type: 'Signed', status: 'True', observedGeneration: 1 },
      { type: 'Stalled', status: 'False' },
    ],
  },
};

describe('a condition to wait for', () => {
  const cases: readonly [condition: string, isMet: boolean][] = [
    ['condition=Ready', true],
    ['condition=ready=true', true],
    ['condition=Ready=False', false],
    ['condition=Stalled=False', true],
    ['condition=Signed', false],
    ['condition=Missing', false],
    ['jsonpath={.status.reason}=Stored', true],
    ['jsonpath={.status.reason}=Store', false],
    ['jsonpath={.status.reason}', true],
    ['jsonpath={.status.other}', false],
    ['jsonpath={.status.conditions[?(@.type=="Ready")].reason}=Stored', true],
    ["jsonpath={.status.conditions[?(@.type=='Stalled')].status}=False", true],
    ['jsonpath={.status.conditions[?(@.type=="Missing")].reason}=Stored', false],
  ];
  for (const [condition, isMet] of cases)
    it(`${condition} is ${isMet ? 'met' : 'not met'}`, () => {
      assert.equal(parseWaitCondition(condition)?.(object), isMet);
    });

  for (const condition of ['delete', 'create', 'jsonpath={.items[0].status}', 'jsonpath={.a}{.b}'])
    it(`${condition} is left to kubectl`, () => {
      assert.equal(parseWaitCondition(condition), undefined);
    });
});
