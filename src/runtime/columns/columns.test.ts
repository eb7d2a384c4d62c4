// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { DECIMAL, NumberColumn, SECONDS_IN_UTC } from './number-column.ts';
import { RowNumbers } from './row-numbers.ts';
import { UuidColumn } from './uuid-column.ts';

interface Column {
  get(row: number): string;
  set(row: number, text: string): void;
}

/** Sets all rows, then all rows to each other's texts, so that a text of one form replaces one of another. */
function assertKeeps(column: Column, texts: readonly string[]): void {
  for (const given of [texts, texts.toReversed()]) {
    given.forEach((text, row) => {
      column.set(row, text);
    });
    assert.deepEqual(
      given.map((_, row) => column.get(row)),
      given,
    );
  }
}

describe('a column of UUIDs', () => {
  it('gives back every text, a UUID or not', () => {
    const uuids = Array.from({ length: 3000 }, () => randomUUID());
    const others = ['', 'uid-1', uuids[0]?.toUpperCase() ?? '', `${uuids[0]}0`, `{${uuids[0]}}`];
    const edges = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    assertKeeps(new UuidColumn(), [...uuids, ...others, ...edges]);
  });
});

describe('a column of numbers', () => {
  it('gives back every version, a number or not', () => {
    const texts = ['0', '1', '4711', '9007199254740991', '9007199254740993', '', ' 1', '01', '1e3', 'x', '-0', 'NaN'];
    assertKeeps(new NumberColumn(DECIMAL), texts);
  });

  it('gives back every time, in UTC and seconds or not', () => {
    const texts = [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.5Z',
      '2026-01-01T00:00:00+02:00',
      '2026-01-01',
      'x',
      '',
    ];
    assertKeeps(new NumberColumn(SECONDS_IN_UTC), texts);
  });
});

describe('row numbers', () => {
  it('are given again once their rows are removed', () => {
    const rows = new RowNumbers();
    assert.deepEqual([rows.take(), rows.take(), rows.take()], [0, 1, 2]);
    rows.giveBack(1);
    assert.deepEqual([rows.take(), rows.take()], [1, 3]);
  });
});
