// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PassedKeys } from './passed-keys.ts';

describe('the keys of what passed', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-passed-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('are remembered from one run to the next', () => {
    const path = join(folder, 'new', 'linted');
    assert.equal(new PassedKeys(path).has('a'), false);
    new PassedKeys(path).add(['a', 'b']);
    const next = new PassedKeys(path);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => next.has(key)),
      [true, true, false],
    );
    assert.deepEqual(readdirSync(join(folder, 'new')), ['linted']);
  });

  it('hold those that two checkouts add at one time', () => {
    const path = join(folder, 'shared');
    const [one, other] = [new PassedKeys(path), new PassedKeys(path)];
    one.add(['of-one']);
    other.add(['of-other']);
    const next = new PassedKeys(path);
    assert.ok(next.has('of-one') && next.has('of-other'));
  });

  it('forget the oldest when there are too many', () => {
    const path = join(folder, 'many');
    new PassedKeys(path).add(['old', 'kept']);
    new PassedKeys(path).add(Array.from({ length: 99_999 }, (_, index) => `key-${index}`));
    new PassedKeys(path).add(['kept']);
    const next = new PassedKeys(path);
    assert.deepEqual([next.has('old'), next.has('kept')], [false, true]);
    assert.equal(readFileSync(path, 'utf8').split('\n').length, 100_000);
  });
});
