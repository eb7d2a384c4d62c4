// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'threat-model.md'), 'utf8');

interface Threat {
  readonly title: string;
  readonly text: string;
}

const threats: readonly Threat[] = page
  .split(/\n(?=- \*\*|## )/)
  .filter((part) => part.startsWith('- **'))
  .map((text) => ({ title: /\*\*(.+?)\*\*/.exec(text)?.[1] ?? '', text }));

/** The test files and the beginnings of titles that an entry names. */
function testsOf({ text }: Threat): readonly (readonly [file: string, title: string])[] {
  const tests = /\n {2}Test: ([^]+?)\.\n {2}Remains: /.exec(text)?.[1] ?? '';
  // Nothing else stands between them, so that none is overlooked.
  assert.match(tests, /^`[^`]+\.test\.ts` "[^"]+"(;\s+`[^`]+\.test\.ts` "[^"]+")*$/);
  return [...tests.matchAll(/`([^`]+\.test\.ts)` "([^"]+)"/g)].map(([, file = '', title = '']) => [file, title]);
}

describe('the threat model', () => {
  it('has entries for each attacker', () => {
    const attackers = page.split(/\n## /).slice(1);
    assert.ok(attackers.length >= 6);
    for (const attacker of attackers) assert.match(attacker, /\n- \*\*/, attacker.split('\n')[0]);
  });

  for (const threat of threats) {
    it(`names a test that exists, and what remains: ${threat.title}`, () => {
      const tests = testsOf(threat);
      assert.notEqual(tests.length, 0);
      for (const [file, title] of tests) {
        assert.ok(existsSync(join(root, file)), `${file} exists`);
        const source = readFileSync(join(root, file), 'utf8');
        const isThere = ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}`));
        assert.ok(isThere, `${file} has no test "${title}"`);
      }
    });
  }
});
