// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lintLines } from './lint-output.ts';

it('shows a finding without the control sequences of the file', () => {
  const finding = { file: 'f.yaml', document: 1, path: 'spec\u001b[2J', message: 'unknown\u202e' };
  const named = { ...finding, kind: 'SigningPolicy', namespace: 'a', name: '\u001b[31mred' };
  const [line = ''] = lintLines({ checked: 1, ignored: 0, problems: [named], warnings: [] });
  assert.match(line, /^f\.yaml:1 SigningPolicy a\/\\u001b\[31mred: spec\\u001b\[2J: unknown/);
  assert.doesNotMatch(line, /[\u001b\u202e]/);
});
