// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RetainedRecord, type Retirement, retirement } from './retirement.ts';

const completionTime = '2026-01-02T03:04:05Z';
const hourLater = Date.parse('2026-01-02T04:04:05Z');
const hour = { type: 'Seconds', seconds: 3600 } as const;

describe('the retirement of a record', () => {
  const cases: readonly (readonly [string, RetainedRecord, Parameters<typeof retirement>[1], Retirement])[] = [
    [
      "follows its policy's time",
      { completionTime },
      { record: { retention: 'Seconds', seconds: 3600 } },
      { withRun: false, atMs: hourLater },
    ],
    [
      'follows its policy although it froze another retention',
      { completionTime, retention: hour },
      { record: { retention: 'Keep' } },
      { withRun: false },
    ],
    [
      'follows the frozen retention once its policy is gone',
      { completionTime, retention: hour },
      undefined,
      { withRun: false, atMs: hourLater },
    ],
    [
      'comes when its run is deleted where it froze that',
      { completionTime, retention: { type: 'WithRun' } },
      undefined,
      { withRun: true },
    ],
    ['never comes where its policy is gone and it froze nothing', { completionTime }, undefined, { withRun: false }],
  ];
  for (const [name, record, policy, expected] of cases) {
    it(name, () => {
      assert.deepEqual(retirement(record, policy), expected);
    });
  }
});
