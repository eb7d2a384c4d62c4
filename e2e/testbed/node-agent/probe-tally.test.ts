// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProbeTally } from './probe-tally.ts';

describe('ProbeTally', () => {
  it('waits for as many answers in a row as the threshold says', () => {
    const tally = new ProbeTally({ success: 1, failure: 3 });
    const verdicts = (['failure', 'failure', 'success', 'failure', 'failure', 'failure', 'failure'] as const).map(
      (answer) => tally.count(answer),
    );
    assert.deepEqual(verdicts, [undefined, undefined, 'success', undefined, undefined, 'failure', 'failure']);
  });

  it('counts successes in the same way', () => {
    const tally = new ProbeTally({ success: 2, failure: 1 });
    assert.deepEqual(
      (['success', 'failure', 'success', 'success'] as const).map((answer) => tally.count(answer)),
      [undefined, 'failure', undefined, 'success'],
    );
  });
});
