// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stillReading } from './still-reading.ts';

describe('the readiness of an operator that waits for its first lists', () => {
  const listed = { synced: true, brokenMs: 5, lastError: 'cut' };
  const waiting = { synced: false, brokenMs: 0, lastError: 'not listed yet' };
  const missing = { synced: false, brokenMs: 5, lastError: 'list policyceilings.hallmark.dev: 404 page not found' };

  it('names the list that fails, such as one of a kind whose definition is not installed', () => {
    const problem = stillReading([listed, waiting, missing]);
    assert.equal(problem, 'still reading what is there: list policyceilings.hallmark.dev: 404 page not found');
  });

  it('names none while all go well', () => {
    assert.equal(stillReading([listed, waiting]), 'still reading what is there');
    assert.equal(stillReading([]), 'still reading what is there');
  });
});
