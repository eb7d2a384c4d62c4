// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signedEvidenceFixture } from '../../../evidence/artifact.fixture.ts';
import type { StorageEntry } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { effectiveStorageBackendSpec } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { CompiledBackend } from '../../../pipelines/definitions.ts';
import { backendFacts } from './backend-facts.ts';
import { plannedFacts, plannedStores } from '../plan-record.fixture.ts';
import type { BoundBackend, RecordSnapshot } from '../state/record-snapshot.ts';

const ref = { kind: 'StorageBackend', name: 'tekton', uid: 'b' } as const;
const later = { kind: 'StorageBackend', name: 'later' } as const;
const artifact = signedEvidenceFixture();
const held: StorageEntry = {
  backendRef: { kind: 'StorageBackend', name: 'tekton' },
  state: 'Stored',
  artifacts: ['Attestation', 'ImageSignature'],
  locations: [{ uri: 'tekton://x', artifact: 'attestation' }],
};

function backend(name: string): CompiledBackend {
  const spec = effectiveStorageBackendSpec({ type: 'Tekton' });
  return { kind: 'StorageBackend', namespace: 'team-a', name, uid: 'b', generation: 1, spec };
}

function snapshot(
  storage: readonly StorageEntry[],
  backends: readonly BoundBackend[],
  request?: string,
): RecordSnapshot {
  const metadata = {
    namespace: 'team-a',
    name: 'n',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(request === undefined ? {} : { annotations: { 'hallmark.dev/backfill': request } }),
  };
  const spec = {
    runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake', uid: 'r' },
    policyRef: { kind: 'SigningPolicy', name: 'builds' },
    outcome: 'Succeeded',
    completionTime: '2026-01-01T00:00:00Z',
    mode: 'Enforce',
    serviceAccountName: 'default',
    backendRefs: [ref],
  } as const;
  const evidence = { artifacts: [artifact], seal: 's' };
  return {
    record: {
      isTrusted: true,
      object: { apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord', metadata, spec, evidence },
      policy: { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' },
      storage,
    },
    policy: undefined,
    signer: undefined,
    unsigned: undefined,
    backends,
    bindable: undefined,
    hasRun: true,
    maxRetentionSeconds: 0,
    now: new Date('2026-01-01T00:00:00Z'),
  };
}

describe('backendFacts', () => {
  const parked = { reason: 'BackendUnavailable', message: 'waits until the backend is ready again: down' } as const;

  it('reports the wait for a parked backend, and sends nothing to it', () => {
    const given = snapshot([], [{ ref, backend: backend('tekton'), isDue: true, parked }]);
    assert.deepEqual(backendFacts(given)?.[0]?.problem, parked);
    assert.deepEqual(plannedStores(given), []);
  });

  it('keeps the state of a backend that holds the evidence, parked or not', () => {
    const given = snapshot([held], [{ ref, backend: backend('tekton'), isDue: true, parked }]);
    assert.equal(backendFacts(given)?.[0]?.state, 'Stored');
  });

  const failed: StorageEntry = {
    backendRef: held.backendRef,
    state: 'Pending',
    attempts: 3,
    nextAttemptTime: '2026-01-01T00:05:00Z',
    reason: 'BackendRejected',
  };

  it('keeps the number of failures, and the time of the next attempt', () => {
    const [fact] = backendFacts(snapshot([failed], [{ ref, backend: backend('tekton'), isDue: false }])) ?? [];
    assert.deepEqual([fact?.attempts, fact?.nextAttemptTime], [3, '2026-01-01T00:05:00Z']);
  });

  it('names no time while the backend is not ready', () => {
    const [fact] = backendFacts(snapshot([failed], [{ ref, backend: backend('tekton'), isDue: true, parked }])) ?? [];
    assert.deepEqual([fact?.attempts, fact?.nextAttemptTime], [3, undefined]);
  });

  const lost: StorageEntry = { ...held, verification: { state: 'Failed', message: 'gone' } };

  it('does not write lost evidence again by itself', () => {
    const given = snapshot([lost], [{ ref, backend: backend('tekton'), isDue: true }]);
    assert.deepEqual(plannedStores(given), []);
    assert.equal(backendFacts(given)?.[0]?.verification?.state, 'Failed');
  });

  it('writes lost evidence again on request', () => {
    const given = snapshot([lost], [{ ref, backend: backend('tekton'), isDue: true }], 'StorageBackend/tekton');
    assert.equal(plannedStores(given).length, 1);
  });

  it('does not write it again and again where it vanishes at once, and keeps the locations meanwhile', () => {
    const given = snapshot([lost], [{ ref, backend: backend('tekton'), isDue: false }], 'StorageBackend/tekton');
    assert.deepEqual(plannedStores(given), []);
    assert.deepEqual(backendFacts(given)?.[0]?.locations, held.locations);
  });

  const missing: StorageEntry = {
    ...failed,
    locations: [{ uri: 'tekton://image', artifact: 'image-1' }],
    missing: ['attestation'],
  };

  it('keeps the locations and the missing names while it is tried again', () => {
    const [fact] = backendFacts(snapshot([missing], [{ ref, backend: backend('tekton'), isDue: true }])) ?? [];
    assert.deepEqual([fact?.locations, fact?.missing], [missing.locations, ['attestation']]);
    const [gone] = backendFacts(snapshot([missing], [{ ref, backend: undefined, isDue: true }])) ?? [];
    assert.deepEqual([gone?.locations, gone?.problem?.reason], [missing.locations, 'BackendNotFound']);
  });

  it('keeps the locations when the backend takes more than before', () => {
    const narrow: StorageEntry = { ...held, artifacts: ['ImageSignature'] };
    const given = snapshot([narrow], [{ ref, backend: backend('tekton'), isDue: true }]);
    assert.equal(plannedStores(given).length, 1);
    assert.deepEqual(backendFacts(given)?.[0]?.locations, held.locations);
  });

  const untried: StorageEntry = {
    backendRef: held.backendRef,
    state: 'NotApplicable',
    artifacts: ['Attestation', 'ImageSignature'],
    reason: 'NoSubjects',
    message: 'no image',
  };
  const placeless: StorageEntry = { ...untried, missing: ['attestation'] };

  it('is done with a backend that has no place for anything, until it takes something else', () => {
    const given = snapshot([placeless], [{ ref, backend: backend('tekton'), isDue: true }]);
    assert.deepEqual(plannedStores(given), []);
    assert.equal(backendFacts(given)?.[0]?.state, 'NotApplicable');
    const edited = snapshot([untried], [{ ref, backend: backend('tekton'), isDue: true }]);
    assert.equal(plannedStores(edited).length, 1);
  });

  it('reads an old Stored that holds nothing as NotApplicable', () => {
    const old: StorageEntry = { ...untried, state: 'Stored', verification: { state: 'Verified' } };
    const [fact] = backendFacts(snapshot([old], [{ ref, backend: undefined, isDue: true }])) ?? [];
    assert.deepEqual(
      [fact?.state, fact?.verification, fact?.problem?.message],
      ['NotApplicable', undefined, 'no image'],
    );
  });

  it('marks a backend of a later request, stores there, and promises nothing by it', () => {
    const bound = [
      { ref, backend: backend('tekton'), isDue: true },
      { ref: later, backend: backend('later'), isDue: true, isBackfill: true },
    ];
    const given = snapshot([held], bound);
    assert.deepEqual(
      plannedFacts(given).backends?.map(({ isBackfill = false }) => isBackfill),
      [false, true],
    );
    assert.deepEqual(
      plannedStores(given).map(({ bound: { ref: to } }) => to.name),
      ['later'],
    );
  });
});
