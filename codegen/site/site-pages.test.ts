// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkoutFiles } from '../verify/checkout-files.ts';
import { pageText, sidebar, sitePage, sitePages, unlistedPages } from './site-pages.ts';

const root = join(import.meta.dirname, '..', '..');
const files = checkoutFiles(root);
const pages = sitePages(files);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the pages of the site', () => {
  it('are those of docs/ with its start, and some others of the checkout', () => {
    assert.equal(pages.get('docs/README.md'), 'index.md');
    assert.equal(pages.get('docs/stores/README.md'), 'stores/index.md');
    assert.equal(pages.get('samples/README.md'), 'samples.md');
    assert.equal(pages.get('src/cli/README.md'), undefined);
  });

  it('link each other, and lose links to what is no page', () => {
    const text =
      '[a](../install.md#values) [b](../../samples/README.md) [`c`](../../src/main.ts) ![d](../images/d.svg) [e](oci.md)';
    assert.equal(
      sitePage('docs/stores/README.md', text, pages),
      '[a](./../install.md#values) [b](./../samples.md) `c` ![d](./../images/d.svg) [e](./oci.md)',
    );
  });

  it('list the decisions, whose folder has no page of its own', () => {
    const list = sitePage('docs/decisions', pageText('docs/decisions', pages, read), pages);
    assert.match(list, /^- \[.+\]\(\.\/0001-records-bind-backends-once\.md\)$/m);
    assert.equal(list.match(/^- /gm)?.length, files.filter((file) => file.startsWith('docs/decisions/')).length);
  });

  it('lose comments', () => {
    assert.equal(sitePage('docs/verify.md', '<!-- generated -->\n\n# Verify\n', pages), '# Verify\n');
  });

  it('keep what is code as it is', () => {
    const text = '```md\n[a](../install.md)\n```\n[a](https://example.com) [b](#here)\n';
    assert.equal(sitePage('docs/stores/README.md', text, pages), text);
  });
});

describe('the sidebar', () => {
  const groups = sidebar(sitePage('docs/README.md', read('docs/README.md'), pages));

  it('has the headings of docs/README.md', () => {
    assert.deepEqual(groups[0], {
      text: 'Start',
      items: [
        { text: 'Getting started', link: '/getting-started' },
        { text: 'Concepts', link: '/concepts' },
        { text: 'Samples', link: '/samples' },
        { text: 'Glossary', link: '/glossary' },
      ],
    });
  });

  it('leads to every page once, single decisions and the testbed aside', () => {
    assert.deepEqual(unlistedPages(files, read), []);
  });

  it('misses a page that docs/README.md does not list, and finds one that it lists twice', () => {
    const start = `${read('docs/README.md')}\n## More\n\n- [Verify again](verify.md)\n`;
    const faults = unlistedPages([...files, 'docs/new.md'], (path) => (path === 'docs/README.md' ? start : read(path)));
    assert.deepEqual(faults, [
      'docs/README.md: lists docs/verify.md 2 times: every page has one place in it',
      'docs/README.md: lists docs/new.md 0 times: every page has one place in it',
    ]);
  });
});
