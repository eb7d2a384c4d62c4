// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chainsAnnotations } from './chains-annotations.ts';

const entry = (logIndex: string, integratedTime?: string) => ({
  url: 'https://rekor.example',
  logIndex,
  entry: '{}',
  ...(integratedTime === undefined ? {} : { integratedTime }),
});

describe('chainsAnnotations', () => {
  it('says that the run is signed', () => {
    assert.deepEqual(chainsAnnotations([{}]), { 'chains.tekton.dev/signed': 'true' });
  });

  it('names the last log entry, as Chains does', () => {
    const time = '2026-01-02T03:04:05Z';
    assert.deepEqual(chainsAnnotations([{ logEntries: [entry('7', time)] }, { logEntries: [entry('8', time)] }, {}]), {
      'chains.tekton.dev/signed': 'true',
      'chains.tekton.dev/transparency': 'https://rekor.example/api/v1/log/entries?logIndex=8',
    });
  });

  it('names no entry in a log of version 2, which has no such address', () => {
    assert.deepEqual(Object.keys(chainsAnnotations([{ logEntries: [entry('7')] }])), ['chains.tekton.dev/signed']);
  });
});
