// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { boundedWarnings, MAX_WARNINGS, warning, warningCount, warningKindOf, warningKinds } from './warning.ts';

const many = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => warning('HintIgnored', `result ${index}`));

describe('warnings', () => {
  it('begin with their kind, which can be parsed', () => {
    for (const kind of warningKinds) assert.equal(warningKindOf(warning(kind, 'x')), kind);
    assert.equal(warningKindOf('child TaskRun a is gone'), undefined);
  });

  it('appear once each, and the last one counts those beyond the limit', () => {
    assert.deepEqual(boundedWarnings([...many(3), ...many(2)]), many(3));
    assert.equal(boundedWarnings(many(MAX_WARNINGS)).length, MAX_WARNINGS);
    const bounded = boundedWarnings(many(100));
    assert.equal(bounded.length, MAX_WARNINGS);
    assert.equal(bounded.at(-1), 'More: 37 further warnings are not listed');
    assert.equal(warningCount(bounded), 100);
  });

  it('keep their count when a bounded list grows', () => {
    const grown = boundedWarnings([...boundedWarnings(many(100)), warning('ChildMissing', 'a')]);
    assert.equal(grown.length, MAX_WARNINGS);
    assert.equal(warningCount(grown), 101);
  });

  it('are cut to the limit of the schema', () => {
    assert.equal(warning('HintIgnored', 'x'.repeat(5000)).length, 1024);
  });

  it('are all described in docs/warnings.md', () => {
    const page = readFileSync(new URL('../../../docs/warnings.md', import.meta.url), 'utf8');
    for (const kind of warningKinds) assert.ok(page.includes(`\`${kind}\``), kind);
  });
});
