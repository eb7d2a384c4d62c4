// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stringify } from 'yaml';
import { listOutput } from './list-output.ts';

const entries = [{ a: 'one\ntwo', b: [] }, { a: { c: ['x'.repeat(200), 1] } }, { d: null }];
const whole = {
  json: (list: readonly unknown[]) => `${JSON.stringify(list, undefined, 2)}\n`,
  yaml: (list: readonly unknown[]) => stringify(list, { lineWidth: 0 }),
};

for (const format of ['json', 'yaml'] as const) {
  it(`a list in ${format} has the same bytes entry by entry`, async () => {
    for (const parts of [
      [],
      [[]],
      [entries],
      entries.map((entry) => [entry]),
      [[], entries.slice(0, 2), [], entries.slice(2)],
    ]) {
      const list = await listOutput(format);
      const text = parts.map(list.add).join('') + list.end();
      assert.equal(text, whole[format](parts.flat()));
    }
  });
}
