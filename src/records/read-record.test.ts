// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProvenanceRecordSpec, StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';
import { sealKeyID, sealStatus } from './seal/seal.ts';
import { SecretValue } from '../runtime/secret-value.ts';
import { readRecord } from './read-record.ts';
import { recordName } from './record-name.ts';
import { sealedRecord } from './record-object.ts';

const sealKey = new SecretValue(Buffer.alloc(32, 7));
const runRef = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1', uid: 'run-uid' } as const;
const spec: ProvenanceRecordSpec = {
  runRef,
  policyRef: { kind: 'SigningPolicy', name: 'builds' },
  outcome: 'Succeeded',
  completionTime: '2025-03-01T10:00:00Z',
  mode: 'Enforce',
  serviceAccountName: 'builder',
  backendRefs: [{ kind: 'StorageBackend', name: 'tekton', uid: 'backend-uid' }],
};
const policyKey = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' };
const storage: readonly StorageEntry[] = [
  { backendRef: { kind: 'StorageBackend', name: 'tekton' }, state: 'Stored', storedTime: '2025-03-01T10:00:01Z' },
];

/** A record as the API server returns it, sealed by us and then changed. */
function stored(change: (record: Record<string, unknown>) => object = (record) => record): object {
  const name = recordName(runRef, policyKey);
  const problem = { reason: 'ChildMissing', message: 'TaskRun x' } as const;
  const sealed = sealedRecord({ namespace: 'team-a', name }, { spec, evidence: { problem } }, sealKey);
  const metadata = {
    namespace: 'team-a',
    name,
    uid: 'record-uid',
    resourceVersion: '7',
    generation: 1,
    creationTimestamp: '2025-03-01T10:00:00Z',
  };
  const seal = sealStatus({ key: sealKey, namespace: 'team-a', name, uid: 'record-uid', storage });
  const status = { storage, seal };
  return change({ apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord', ...sealed, metadata, status });
}

describe('readRecord', () => {
  it('trusts a record with our seal, and the storage entries of its status', () => {
    const read = readRecord(stored(), sealKey);
    assert.ok(read?.isTrusted === true);
    assert.deepEqual(read.storage, storage);
    assert.deepEqual(read.policy, policyKey);
  });

  it('trusts it whatever labels, annotations and unsealed status others put on it', () => {
    const read = readRecord(
      stored((record) => ({
        ...record,
        status: { storage, seal, stored: '9/9' },
        metadata: { ...metadataOf(record), labels: { a: 'b' } },
      })),
      sealKey,
    );
    assert.equal(read?.isTrusted, true);
  });

  const forgeries: readonly (readonly [what: string, change: (record: Record<string, unknown>) => object])[] = [
    ['a changed spec', (record) => ({ ...record, spec: { ...spec, outcome: 'Failed' } })],
    ['another run', (record) => ({ ...record, spec: { ...spec, runRef: { ...runRef, uid: 'other' } } })],
    ['added backends', (record) => ({ ...record, spec: { ...spec, backendRefs: [] } })],
    [
      'changed evidence',
      (record) => ({ ...record, evidence: { ...evidenceOf(record), problem: { reason: 'NoSubjects', message: '' } } }),
    ],
    ['no evidence', (record) => ({ ...record, evidence: undefined })],
    ['no seal', (record) => ({ ...record, evidence: { ...evidenceOf(record), seal: undefined } })],
    ['another name', (record) => ({ ...record, metadata: { ...metadataOf(record), name: 'bake-2' } })],
    ['another namespace', (record) => ({ ...record, metadata: { ...metadataOf(record), namespace: 'team-b' } })],
    ['a shape that does not parse', (record) => ({ ...record, spec: { runRef: 'bake-1' } })],
  ];
  for (const [what, change] of forgeries) {
    it(`does not trust a record with ${what}`, () => {
      const read = readRecord(stored(change), sealKey);
      assert.equal(read?.isTrusted, false);
      const known = readRecord(stored(), sealKey);
      assert.ok(known?.isTrusted === true);
      assert.equal(readRecord(stored(change), sealKey, { known: known.object })?.isTrusted, false);
    });
  }

  it("does not trust a record sealed with another operator's key", () => {
    assert.equal(readRecord(stored(), new SecretValue(Buffer.alloc(32, 8)))?.isTrusted, false);
  });

  describe('while the key is rotated', () => {
    const next = new SecretValue(Buffer.alloc(32, 8));

    it('trusts what the earlier key sealed, and says that it is to be sealed anew', () => {
      const read = readRecord(stored(), next, { previousSealKey: sealKey });
      assert.ok(read?.isTrusted === true);
      assert.deepEqual([read.storage, read.needsReseal], [storage, true]);
    });

    it('asks for no new seal where the key of today has sealed all', () => {
      const read = readRecord(stored(), sealKey, { previousSealKey: next });
      assert.ok(read?.isTrusted === true);
      assert.equal(read.needsReseal, undefined);
    });

    it('asks for one while the earlier key seals the status alone', () => {
      const { spec: sealedSpec, evidence } = sealedRecord(
        { namespace: 'team-a', name: recordName(runRef, policyKey) },
        { spec, evidence: { problem: { reason: 'ChildMissing', message: 'TaskRun x' } } },
        next,
      );
      const half = stored((record) => ({ ...record, spec: sealedSpec, evidence }));
      const read = readRecord(half, next, { previousSealKey: sealKey });
      assert.ok(read?.isTrusted === true);
      assert.deepEqual([read.storage, read.needsReseal], [storage, true]);
    });

    it('trusts no third key, and takes no record of the earlier one for that of another operator', () => {
      const third = new SecretValue(Buffer.alloc(32, 9));
      const foreign = readRecord(stored(), next, { previousSealKey: third });
      assert.ok(foreign?.isTrusted === false);
      assert.equal(foreign.sealedBy, sealKeyID(sealKey));
      const forged = readRecord(
        stored((record) => ({ ...record, spec: { ...spec, outcome: 'Failed' }, status: {} })),
        next,
        { previousSealKey: sealKey },
      );
      assert.ok(forged?.isTrusted === false);
      assert.equal(forged.sealedBy, undefined);
    });
  });

  it('ignores storage entries without a seal of the status, or with one made for another record', () => {
    for (const status of [{ storage }, { storage, seal: 'forged' }]) {
      const read = readRecord(
        stored((record) => ({ ...record, status })),
        sealKey,
      );
      assert.ok(read?.isTrusted === true);
      assert.deepEqual(read.storage, []);
    }
    const moved = readRecord(
      stored((record) => ({ ...record, metadata: { ...metadataOf(record), uid: 'other-uid' } })),
      sealKey,
    );
    assert.ok(moved?.isTrusted === true);
    assert.deepEqual(moved.storage, []);
  });
});

const seal = sealStatus({
  key: sealKey,
  namespace: 'team-a',
  name: recordName(runRef, policyKey),
  uid: 'record-uid',
  storage,
});

function metadataOf(record: Record<string, unknown>): object {
  const { metadata } = record;
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}

function evidenceOf(record: Record<string, unknown>): object {
  const { evidence } = record;
  return typeof evidence === 'object' && evidence !== null ? evidence : {};
}
