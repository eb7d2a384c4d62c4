// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { unknownScripts } from './unknown-scripts.ts';

const scripts = new Set(['demo', 'test:versions']);

it('finds the scripts of a page that do not exist, behind flags too', () => {
  const page =
    'Run `npm run demo -- --record x`, `npm run test:versions`, `npm run --silent sbom` and\n`npm run docs`, `npm run docs` twice.';
  assert.deepEqual(unknownScripts(page, scripts), ['sbom', 'docs']);
});

it("leaves npm's own commands alone", () => {
  assert.deepEqual(unknownScripts('`npm ci`, `npm test`, `npm audit signatures`', scripts), []);
});
