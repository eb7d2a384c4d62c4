// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { reasons } from '../../src/api/v1alpha1/reasons.ts';
import { reasonTexts } from './reason-texts.ts';
import { remedyTests } from './remedy-tests.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the reasons', () => {
  const all = Object.values(reasons);

  it('are exactly those described in docs/reasons.md', () => {
    const headings = [...read('docs/reasons.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(headings.toSorted(), all.toSorted());
  });

  for (const reason of all) {
    it(`have a test that carries out the remedy: ${reason}`, () => {
      const isNothing = reasonTexts[reason].remedy.startsWith('Nothing');
      assert.equal(remedyTests[reason].length === 0, isNothing);
      for (const { file, title } of remedyTests[reason]) {
        // A title stands in quotes of either kind; one with an apostrophe in it in double quotes.
        const text = read(file);
        assert.ok(text.includes(`'${title}`) || text.includes(`"${title}`), `${file} has no test "${title}"`);
      }
    });
  }
});
