// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { reasons } from '../../src/api/v1alpha1/reasons.ts';
import { pages } from './pages/all.ts';
import { reasonTexts } from './reason-texts.ts';
import { reasonsMarkdown } from './reasons-markdown.ts';

const source = join(import.meta.dirname, '..', '..', 'src');

it('documents no reason that nothing sets', () => {
  const files = globSync('**/*.ts', { cwd: source }).filter(
    (path) => !path.startsWith('api') && !path.endsWith('.test.ts'),
  );
  const text = files.map((path) => readFileSync(join(source, path), 'utf8')).join('\n');
  const unused = Object.values(reasons).filter((reason) => !new RegExp(`(reasons\\.|')${reason}\\b`).test(text));
  assert.deepEqual(unused, []);
});

it('shows every reason on the page of at least one kind', () => {
  const shown = new Set(pages.flatMap((page) => page.reasons));
  assert.deepEqual(
    Object.values(reasons).filter((reason) => !shown.has(reason)),
    [],
  );
});

it('gives every reason a heading, a meaning and a remedy', () => {
  const page = reasonsMarkdown();
  for (const [reason, { meaning, remedy }] of Object.entries(reasonTexts)) {
    assert.ok(page.includes(`## ${reason}\n\n${meaning}\n`), reason);
    assert.ok(page.includes(`**What to do:** ${remedy}`), reason);
  }
});
