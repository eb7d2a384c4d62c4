// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { driftHint } from './drift-hint.ts';

describe('driftHint', () => {
  it('shows the first line that differs', () => {
    assert.equal(driftHint('a\nb\nc\n', 'a\nB\nC\n'), '  line 2\n  - b\n  + B');
  });
  it('shows the end of the shorter text', () => {
    assert.equal(driftHint('a', 'a\nb'), '  line 2\n  - (end of file)\n  + b');
    assert.equal(driftHint('a\nb', 'a'), '  line 2\n  - b\n  + (end of file)');
  });
});
