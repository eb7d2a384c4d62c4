// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { undescribedFolders } from './undescribed-folders.ts';

const files = (folder: string, ...names: readonly string[]) => names.map((name) => `${folder}/${name}`);

it('a folder with sources needs a README.md', () => {
  const [fault, ...others] = undescribedFolders(files('src/a', 'b.ts', 'c.test.ts'));
  assert.match(fault ?? '', /^src\/a: needs a README\.md/);
  assert.deepEqual(others, []);
});

it('a README.md describes its own folder only', () => {
  const nested = files('src/a/b', 'c.ts');
  assert.equal(undescribedFolders(['src/a/README.md', ...nested]).length, 1);
  assert.deepEqual(undescribedFolders(['src/a/b/README.md', ...nested]), []);
});

it('other files and files outside of src need none', () => {
  assert.deepEqual(undescribedFolders([...files('src/a', 'b.json'), ...files('e2e/a', 'b.ts')]), []);
});
