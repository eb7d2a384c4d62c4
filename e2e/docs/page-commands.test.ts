// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pageCommands, stableWords } from './page-commands.ts';

describe('the commands of a page', () => {
  it('are those of its sh and console blocks, in their order', () => {
    const page =
      '# T\n\n```sh\n# why\none \\\n  --two\n\nthree | four\n```\n\n```yaml\nno: command\n```\n\n```console\n$ five\nA  B\n1  2\n$ six\n```\n';
    assert.deepEqual(pageCommands(page), [
      { text: 'one    --two' },
      { text: 'three | four' },
      { text: 'five', shown: 'A  B\n1  2\n' },
      { text: 'six', shown: '' },
    ]);
  });

  it('show tables that are compared without widths, ages and hashes', () => {
    const shown = 'NAME                 AGE\nbake-1-yjer75zcrj    2m15s\n';
    assert.deepEqual(stableWords(shown), stableWords('NAME   AGE\n\nbake-1-0123456789   3s'));
    assert.notDeepEqual(stableWords(shown), stableWords('NAME   AGE\n\nbake-2-0123456789   3s'));
  });
});
