// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pageFaults } from './page-faults.ts';

const other = '# Other\n\n## Keys in a Secret (`type: Key`)\n';

function faults(page: string): readonly string[] {
  const pages = new Map([
    ['docs/page.md', page],
    ['docs/other.md', other],
  ]);
  const paths = new Set([...pages.keys(), 'docs', 'src', 'src/main.ts', 'src/cli']);
  return pageFaults('docs/page.md', { has: (path) => paths.has(path), page: (path) => pages.get(path) ?? '' });
}

const fine = {
  'a link to a page': '[other](other.md)',
  'a link to a heading': '[keys](other.md#keys-in-a-secret-type-key)',
  'a link within the page': '# Own heading\n\n[own](#own-heading)',
  'a link to a folder': '[cli](../src/cli/)',
  'a link to another site': '[site](https://example.com/gone)',
  'a file and a folder between backticks': '`src/main.ts` in `src/`',
  'a file relative to the page': '`../src/main.ts`',
  'a text with a slash that is no path': '`slsa/v1` and `team-a/kms-aws/`',
  'any word between backticks': `the key \`${['no', 'body'].join('')}\``,
  'a path within a block of code': '```sh\nls `src/gone.ts`\n```',
};

const broken = {
  'a link to a page that is gone': '[gone](gone.md)',
  'a link to a heading that is gone': '[keys](other.md#keys)',
  'a link to a heading of the page that is gone': '[own](#own-heading)',
  'a file that is gone': '`src/gone.ts`',
  'a file relative to the page that is gone': '`../src/gone.ts`',
  'a folder that is gone': '`src/gone/`',
  'a withdrawn word': `a file ${['be', 'side'].join('')} it`,
};

describe('a page', () => {
  for (const [title, page] of Object.entries(fine)) {
    it(`may have ${title}`, () => {
      assert.deepEqual(faults(page), []);
    });
  }

  for (const [title, page] of Object.entries(broken)) {
    it(`must not have ${title}`, () => {
      assert.equal(faults(page).length, 1);
    });
  }
});
