// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isDateTime } from './date-time.ts';

it('accepts the same times as the date-time format of the API server', () => {
  const taken = [
    '2026-01-31T12:00:00Z',
    '2026-01-31t12:00:00z',
    '2024-02-29T23:59:59.123456789Z',
    '2026-01-31T12:00:00+02:00',
  ];
  const refused = [
    '',
    'yesterday',
    '2026-01-31',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00Z',
    '2026-01-31T12:00:00',
    '2026-01-31T12:00:00.Z',
    '2026-01-31T12:00:00+0200',
    '2026-02-29T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-01-31T24:00:00Z',
    '2016-12-31T23:59:60Z',
  ];
  assert.deepEqual(
    taken.filter((text) => !isDateTime(text)),
    [],
  );
  assert.deepEqual(refused.filter(isDateTime), []);
});
