// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { format, unformatted } from './unformatted.ts';

const root = join(import.meta.dirname, '..', '..');

/** A text of each kind of file that has a format, wrong and right. */
const kinds: Readonly<Record<string, readonly [wrong: string, right: string]>> = {
  'a.ts': ['export const a = "b"', `export const a = 'b';\n`],
  'a.js': ['export const a = "b"', `export const a = 'b';\n`],
  'a.cjs': ['module.exports = {a: 1}', 'module.exports = { a: 1 };\n'],
  'a.json': ['{"a":1}', '{ "a": 1 }\n'],
  'a.yaml': ['a:   1\n', 'a: 1\n'],
  'a.md': ['* a\n', '- a\n'],
};

describe('the format of files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-format-'));
    for (const path of ['.prettierrc.json', '.prettierignore']) copyFileSync(join(root, path), join(folder, path));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function write(path: string, text: string): string {
    writeFileSync(join(folder, path), text);
    return path;
  }

  it('is checked in each kind of file, and mended', () => {
    const paths = Object.entries(kinds).map(([path, [wrong]]) => write(path, wrong));
    assert.deepEqual(unformatted(folder, paths).toSorted(), paths.toSorted());
    format(folder, paths);
    assert.deepEqual(unformatted(folder, paths), []);
    for (const [path, [, right]] of Object.entries(kinds))
      assert.equal(readFileSync(join(folder, path), 'utf8'), right);
  });

  it('is what prettier says where oxfmt would write something else', () => {
    const text = readFileSync(join(root, 'package.json'), 'utf8');
    assert.deepEqual(unformatted(folder, [write('package.json', text)]), []);
    assert.deepEqual(unformatted(folder, [write('package.json', text.replace('": "', '":  "'))]), ['package.json']);
  });

  it('is not asked of files without one, or of those to be ignored', () => {
    const paths = [write('a.txt', '*  a'), write('package-lock.json', '{"a":1}')];
    assert.deepEqual(unformatted(folder, paths), []);
  });

  it('cannot be told for a file that is no program, which is named', () => {
    assert.throws(() => unformatted(folder, [write('broken.ts', 'export const = ;\n')]), /broken\.ts/);
  });
});
