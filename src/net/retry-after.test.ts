// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryAfterSeconds } from './retry-after.ts';

const date = 'Wed, 25 Nov 2026 03:00:00 GMT';

const rows: readonly (readonly [headers: Readonly<Record<string, string>>, seconds: number | undefined])[] = [
  [{}, undefined],
  [{ 'retry-after': '7' }, 7],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '999999' }, 3600],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': 'Wed, 25 Nov 2026 03:01:30 GMT', date }, 90],
  [{ 'retry-after': 'Wed, 25 Nov 2026 02:00:00 GMT', date }, 0],
  [{ 'retry-after': 'Wed, 25 Nov 2026 03:01:30 GMT' }, undefined],
];

describe('retryAfterSeconds', () => {
  for (const [headers, seconds] of rows) {
    it(`is ${String(seconds)} for ${JSON.stringify(headers)}`, () => {
      assert.equal(retryAfterSeconds(headers), seconds);
    });
  }
});
