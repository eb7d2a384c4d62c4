// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { undescribedFolders } from './undescribed-folders.ts';

const files = (folder: string, ...names: readonly string[]) => names.map((name) => `${folder}/${name}`);

it('a folder of three sources needs a README.md', () => {
  const [fault, ...others] = undescribedFolders(files('src/a', 'b.ts', 'c.ts', 'd.ts'));
  assert.match(fault ?? '', /^src\/a: needs a README\.md/);
  assert.deepEqual(others, []);
});

it('a README.md describes its own folder only', () => {
  const nested = files('src/a/b', 'c.ts', 'd.ts', 'e.ts');
  assert.equal(undescribedFolders(['src/a/README.md', ...nested]).length, 1);
  assert.deepEqual(undescribedFolders(['src/a/b/README.md', ...nested]), []);
});

it('two sources, tests, test data and files outside of src need none', () => {
  const few = files('src/a', 'b.ts', 'c.ts', 'c.test.ts', 'd.contract.ts', 'e.fixture.ts');
  assert.deepEqual(undescribedFolders([...few, ...files('e2e/a', 'b.ts', 'c.ts', 'd.ts')]), []);
});
