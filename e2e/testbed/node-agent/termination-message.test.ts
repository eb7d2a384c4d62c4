// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resultEntries, runResultType, startedAt, terminationMessage } from './termination-message.ts';

describe('terminationMessage', () => {
  it("is JSON with Tekton's type numbers", () => {
    const entries = [
      startedAt(new Date('2026-01-02T03:04:05.678Z')),
      ...resultEntries({ URL: 'r/a', LIST: ['a', 'b'] }, runResultType.taskRun),
      ...resultEntries({ thing: 'x' }, runResultType.step),
    ];
    assert.deepEqual(JSON.parse(terminationMessage(entries) ?? ''), [
      { key: 'StartedAt', value: '2026-01-02T03:04:05.678Z', type: 3 },
      { key: 'URL', value: 'r/a', type: 1 },
      { key: 'LIST', value: '["a","b"]', type: 1 },
      { key: 'thing', value: 'x', type: 4 },
    ]);
  });

  it('does not exist past the 4096 bytes that the kubelet keeps', () => {
    const entry = (length: number): string | undefined =>
      terminationMessage(resultEntries({ A: 'x'.repeat(length) }, runResultType.taskRun));
    const overhead = Buffer.byteLength(entry(0) ?? '');
    assert.equal(Buffer.byteLength(entry(4096 - overhead) ?? ''), 4096);
    assert.equal(entry(4097 - overhead), undefined);
  });
});
