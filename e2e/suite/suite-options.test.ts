// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { suiteOptions } from './suite-options.ts';

describe('the arguments of npm test', () => {
  it('are everything by default', () => {
    assert.deepEqual(suiteOptions([]), {
      files: [],
      isChanged: false,
      isCheck: false,
      withTimes: false,
      isRecorded: false,
      seed: undefined,
      jobs: 4,
    });
  });

  it('name files, an order and a number at one time', () => {
    const { files, seed, jobs, withTimes } = suiteOptions([
      'a.test.ts',
      '--seed',
      '7',
      '--jobs=2',
      '--times',
      'b.test.ts',
    ]);
    assert.deepEqual(
      { files, seed, jobs, withTimes },
      { files: ['a.test.ts', 'b.test.ts'], seed: 7, jobs: 2, withTimes: true },
    );
  });

  for (const args of [
    ['--changed', 'a.test.ts'],
    ['--check', '--changed'],
    ['--jobs', '0'],
    ['--seed', 'x'],
    ['--fast'],
  ]) {
    it(`are refused as ${args.join(' ')}`, () => {
      assert.throws(() => suiteOptions(args));
    });
  }
});
