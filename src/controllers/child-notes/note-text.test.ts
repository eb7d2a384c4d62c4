// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SecretValue } from '../../runtime/secret-value.ts';
import { entryName, keyOfEntry, noteText, parseNote } from './note-text.ts';

const key = new SecretValue('0123456789abcdef0123456789abcdef');
const other = new SecretValue('another key of thirty-two bytes.');
const child = { namespace: 'team-a', parentUID: 'p', key: 'ship-bake' };
const note = { uid: 'u', digest: String.fromCharCode(...Array.from({ length: 16 }, (_, index) => 240 + index)) };

describe('the text of a note about a child', () => {
  for (const isLater of [false, true]) {
    it(`reads back as it was written, with isLater ${isLater}`, () => {
      const text = noteText(child, { ...note, isLater }, key);
      assert.match(text, /^u [\w+/=]+ (Seen|Later) [\w+/=]+$/);
      assert.deepEqual(parseNote(child, text, [key])?.note, { ...note, isLater });
    });
  }

  it('counts under the earlier key of a rotation, and under no other', () => {
    const text = noteText(child, { ...note, isLater: false }, key);
    assert.equal(parseNote(child, text, [other, key])?.sealedBy, key);
    assert.equal(parseNote(child, text, [other]), undefined);
  });

  it('counts for no other child, PipelineRun or namespace', () => {
    const text = noteText(child, { ...note, isLater: false }, key);
    for (const change of [{ namespace: 'team-b' }, { parentUID: 'q' }, { key: 'ship-test' }])
      assert.equal(parseNote({ ...child, ...change }, text, [key]), undefined);
  });

  it('counts no more once any part of it is changed', () => {
    const parts = noteText(child, { ...note, isLater: true }, key).split(' ');
    for (const [index, part] of [
      [0, 'forged'],
      [1, Buffer.alloc(16).toString('base64')],
      [2, 'Seen'],
      [3, ''],
    ] as const) {
      assert.equal(parseNote(child, parts.with(index, part).join(' '), [key]), undefined, part);
    }
    for (const text of ['', ' ', 'u d Seen']) assert.equal(parseNote(child, text, [key]), undefined);
  });

  it('has a name that a ConfigMap takes, for TaskRuns and nested PipelineRuns', () => {
    for (const name of ['ship-bake', 'PipelineRun/ship-inner']) {
      assert.match(entryName(name), /^[-._a-zA-Z0-9]+$/);
      assert.equal(keyOfEntry(entryName(name)), name);
    }
  });
});
