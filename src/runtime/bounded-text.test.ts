// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boundedText } from './bounded-text.ts';

describe('boundedText', () => {
  it('leaves a short text as it is', () => {
    assert.equal(boundedText('bread 🥖', 8), 'bread 🥖');
  });

  it('reads back from JSON as it was written, wherever it is cut', () => {
    for (let length = 0; length < 8; length += 1) {
      const text = boundedText('ab🥖🥐c', length);
      assert.ok(text.length <= length);
      assert.ok(text.isWellFormed());
    }
  });
});
