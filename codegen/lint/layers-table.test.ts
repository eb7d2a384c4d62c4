// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { layers } from './layer-rules.js';
import { layersTable } from './layers-table.ts';

const source = join(import.meta.dirname, '..', '..', 'src');

describe('the table of layers', () => {
  it('has a row for every folder of src', () => {
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(folders.map(({ name }) => name).toSorted(), Object.keys(layers).toSorted());
  });

  it('lists what a folder may import, or the few exceptions', () => {
    const table = layersTable({
      a: { holds: 'x', imports: [] },
      b: { holds: 'x', imports: ['a'] },
      c: { holds: 'x', imports: ['a'] },
      d: { holds: 'x', imports: ['a', 'b', 'c'] },
      e: { holds: 'x', imports: ['a', 'b', 'd'] },
    });
    const cells = table.split('\n').map((line) => line.split(' | ')[2]?.replace(' |', ''));
    assert.deepEqual(cells.slice(2), ['nothing of ours', 'all above', '`a`', 'all above', 'all above but `c`']);
  });

  it('refuses a folder that may import one below it', () => {
    const upward = { a: { holds: 'x', imports: ['b'] }, b: { holds: 'x', imports: [] } };
    assert.throws(() => layersTable(upward), /a may import b/);
  });
});
