// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sourceFaults } from './source-rules.ts';

const licence = '// SPDX-License-Identifier: Apache-2.0\n';

const mark = ['TO', 'DO'].join('');
const wait = ['--for=condition', 'Established'].join('=');
const skip = ['it', 'skip'].join('.');

const cases: readonly (readonly [string, string, string, number])[] = [
  ['a licensed source is fine', 'src/a.ts', licence, 0],
  ['a script may begin with its interpreter', 'bin/a.ts', `#!/usr/bin/env node\n${licence}`, 0],
  ['a source without licence', 'src/a.ts', 'export {};\n', 1],
  ['an unfinished task', 'src/a.ts', `${licence}// ${mark}: later\n`, 1],
  ['a word with the same letters is fine', 'src/a.ts', `${licence}const ${mark}S = 1;\n`, 0],
  ['a comment that begins with its subject', 'src/a.ts', `${licence}\n/** The name of what it is. */\n`, 0],
  ['a comment that hides its subject', 'src/a.ts', `${licence}\n  /**\n   * Whether it is so.\n   */\n`, 1],
  ['a line that hides its subject', 'src/a.ts', `${licence}\n\t// How it is done.\n`, 1],
  ['a sentence that hides its subject', 'src/a.ts', `${licence}\n// The list. Of names, the first.\n`, 1],
  ['a second line may begin with any word', 'src/a.ts', `${licence}\n// The list\n// Of names.\n`, 0],
  ['a withdrawn word in a comment', 'src/a.ts', `${licence}\n// A file ${['be', 'side'].join('')} it.\n`, 1],
  ['a text is no comment', 'src/a.ts', `${licence}\nconst a = 'Whose is it? // Whose';\n`, 0],
  ['a skipped test', 'src/a.test.ts', `${licence}${skip}('x');\n`, 1],
  ['a wait that fails on new CRDs', 'e2e/a.ts', `${licence}kubectl(['${wait}']);\n`, 1],
  ['a meaningless name', 'src/utils/a.ts', licence, 1],
  ['a meaningless name of a file', 'src/a/helpers.ts', licence, 1],
  [
    'a lock file with the host of a registry',
    'package-lock.json',
    '"resolved": "https://registry.example.com/a.tgz"',
    1,
  ],
  ['a lock file without hosts', 'package-lock.json', '"integrity": "sha512-x"', 0],
];
for (const [name, path, text, count] of cases) {
  it(name, () => {
    assert.equal(sourceFaults(path, text).length, count);
  });
}
