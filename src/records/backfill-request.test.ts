// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProvenanceRecord } from '../api/v1alpha1/provenance-record/schema.ts';
import { backfillRefs, isRefillRequested } from './backfill-request.ts';

function record(annotation?: string): ProvenanceRecord {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: {
      namespace: 'team-a',
      name: 'bake-1',
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(annotation === undefined ? {} : { annotations: { 'hallmark.dev/backfill': annotation } }),
    },
    spec: {
      runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake', uid: 'r' },
      policyRef: { kind: 'SigningPolicy', name: 'builds' },
      outcome: 'Succeeded',
      completionTime: '2026-01-01T00:00:00Z',
      mode: 'Enforce',
      serviceAccountName: 'default',
      backendRefs: [{ kind: 'StorageBackend', name: 'first', uid: 'b' }],
    },
  };
}

describe('backfillRefs', () => {
  it('names each backend once, without those that the record is bound to', () => {
    const refs = backfillRefs(
      record('StorageBackend/new, ClusterStorageBackend/archive,StorageBackend/new,StorageBackend/first'),
    );
    assert.deepEqual(refs, [
      { kind: 'StorageBackend', name: 'new' },
      { kind: 'ClusterStorageBackend', name: 'archive' },
    ]);
  });

  for (const text of [undefined, '', ',', 'Secret/x', 'StorageBackend', 'StorageBackend/', 'StorageBackend/a/b']) {
    it(`reads no request in "${String(text)}"`, () => {
      assert.deepEqual(backfillRefs(record(text)), []);
    });
  }

  it('limits the number of backends', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `StorageBackend/b${index}`).join(',');
    assert.equal(backfillRefs(record(many)).length, 32);
  });

  it('can ask for lost evidence to be written to a bound backend again', () => {
    const first = { kind: 'StorageBackend', name: 'first' } as const;
    assert.equal(isRefillRequested(record('StorageBackend/first'), first), true);
    assert.equal(isRefillRequested(record(), first), false);
  });
});
