// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RetainedRecord, type Retirement, retirement } from './retirement.ts';

const completionTime = '2026-01-02T03:04:05Z';
const hourLater = Date.parse('2026-01-02T04:04:05Z');
const hour = { type: 'Seconds', seconds: 3600 } as const;

describe('the retirement of a record', () => {
  const cases: readonly (readonly [string, RetainedRecord, Parameters<typeof retirement>[1], Retirement, number?])[] = [
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
    [
      'comes at the limit of the platform where its policy is gone and it froze a longer time',
      { completionTime, retention: { type: 'Seconds', seconds: 7200 } },
      undefined,
      { withRun: false, atMs: hourLater },
      3600,
    ],
    [
      'comes at the limit of the platform where its policy is gone and its run is not',
      { completionTime, retention: { type: 'WithRun' } },
      undefined,
      { withRun: true, atMs: hourLater },
      3600,
    ],
    [
      'comes at the limit of the platform where its policy keeps records with runs',
      { completionTime },
      { record: { retention: 'WithRun', seconds: 3600 } },
      { withRun: true, atMs: hourLater },
      3600,
    ],
  ];
  for (const [name, record, policy, expected, maxSeconds = 0] of cases) {
    it(name, () => {
      assert.deepEqual(retirement(record, policy, maxSeconds), expected);
    });
  }
});
