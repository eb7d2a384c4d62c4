// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { columnsTable } from './columns-table.ts';

describe('a table of columns', () => {
  it('has a row for each figure, empty where a column has none', () => {
    const columns = [
      { title: 'Tekton', cells: { 'runs/s': '7', get: '1' } },
      { title: 'OCI', cells: { 'runs/s': '8', patch: '2' } },
    ];
    assert.deepEqual(columnsTable(columns), [
      '|  | Tekton | OCI |',
      '| --- | ---: | ---: |',
      '| runs/s | 7 | 8 |',
      '| get | 1 |  |',
      '| patch |  | 2 |',
    ]);
  });
});
