// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { StorageEntry } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import { UnconfirmedStores } from './unconfirmed-stores.ts';

const pending: StorageEntry = { backendRef: { kind: 'StorageBackend', name: 'kafka' }, state: 'Pending', attempts: 2 };
const stored: StorageEntry = {
  backendRef: { kind: 'StorageBackend', name: 'kafka' },
  state: 'Stored',
  storedTime: '2026-01-01T00:00:00Z',
};
const other: StorageEntry = { backendRef: { kind: 'StorageBackend', name: 'other' }, state: 'Pending' };

function record(storage: readonly StorageEntry[], uid = 'u'): TrustedRecord {
  const metadata = {
    namespace: 'team-a',
    name: 'n',
    uid,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  const spec = {
    runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake', uid: 'r' },
    policyRef: { kind: 'SigningPolicy', name: 'builds' },
    outcome: 'Succeeded',
    completionTime: '2026-01-01T00:00:00Z',
    mode: 'Enforce',
    serviceAccountName: 'default',
  } as const;
  return {
    isTrusted: true,
    object: { apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord', metadata, spec },
    policy: { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' },
    storage,
  };
}

describe('UnconfirmedStores', () => {
  let lately: UnconfirmedStores;
  beforeEach(() => {
    lately = new UnconfirmedStores();
    lately.note(record([pending, other]), stored);
  });

  it('adds a confirmed entry that the status lacks, and keeps the others', () => {
    for (const storage of [[], [pending]]) {
      assert.deepEqual(lately.completed(record([...storage, other])).storage, [other, stored]);
    }
  });

  it('adds nothing once the status has the entry', () => {
    assert.deepEqual(lately.completed(record([stored, other])).storage, [stored, other]);
    // From then on the status counts, whatever happens to it.
    assert.deepEqual(lately.completed(record([pending, other])).storage, [pending, other]);
  });

  it('tells an earlier store from the current one', () => {
    const before: StorageEntry = { ...stored, storedTime: '2025-01-01T00:00:00Z' };
    assert.deepEqual(lately.completed(record([before])).storage, [stored]);
  });

  it('ignores another record of that name, and one that was forgotten', () => {
    assert.deepEqual(lately.completed(record([pending], 'made anew')).storage, [pending]);
    lately.note(record([pending]), stored);
    lately.forget('team-a/n');
    assert.deepEqual(lately.completed(record([pending])).storage, [pending]);
  });
});
