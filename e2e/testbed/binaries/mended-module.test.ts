// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mendText } from './mended-module.ts';

describe('a mended file of a module', () => {
  const change = { file: 'server.go', text: 'Addr: ":"', replacement: 'Addr: "127.0.0.1:"' };

  it('differs in the text alone', () => {
    assert.equal(mendText('a{Addr: ":" + port}b', change), 'a{Addr: "127.0.0.1:" + port}b');
  });

  it('is refused when the text is not there, or there twice', () => {
    assert.throws(() => mendText('a', change), /server\.go must have this text exactly once to be mended: Addr: ":"/);
    assert.throws(() => mendText('Addr: ":" Addr: ":"', change), /exactly once/);
  });
});
