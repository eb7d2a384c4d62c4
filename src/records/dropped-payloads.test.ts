// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EvidenceArtifact, ProvenanceRecordSpec, StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';
import { droppedFixture, evidenceFixture, imageFixture, signedEvidenceFixture } from '../evidence/artifact.fixture.ts';
import { toEvidenceArtifact } from '../evidence/evidence-artifact.ts';
import { payloadPlaces, withoutStoredPayloads } from './dropped-payloads.ts';
import { readRecord, type TrustedRecord } from './read-record.ts';
import { summariseRecord } from './record-summary.ts';
import { SEAL_KEY, storedEntry, storedRecord } from './stored-record.fixture.ts';

const payload = 'x'.repeat(2000);
const attestation = signedEvidenceFixture({ payload });
const image = { ...toEvidenceArtifact(imageFixture()), payload };
const until = { evidence: 'UntilStored' } as const;
const location = (artifact: string, uri = `gs://b/${artifact}`) => ({ uri, digest: 'sha256:1', artifact });
const vault: StorageEntry = {
  ...storedEntry('vault'),
  locations: [location('attestation'), location('image-abababababab')],
};
const topicLocations = [location('attestation', 'kafka://topic/0/7')];
const topic: StorageEntry = { ...storedEntry('topic'), locations: topicLocations };
const half: StorageEntry = { ...vault, locations: [location('attestation')] };
const images: StorageEntry = { ...topic, locations: [location('image-abababababab', 'kafka://topic/0/8')] };
const nowhere: StorageEntry = { backendRef: { kind: 'StorageBackend', name: 'none' }, state: 'NotApplicable' };
const unread: StorageEntry = { ...storedEntry('topic', { isVerified: false }), locations: topicLocations };

interface Given {
  readonly storage?: readonly StorageEntry[];
  readonly spec?: Partial<ProvenanceRecordSpec>;
  readonly artifacts?: readonly EvidenceArtifact[];
}

function record({ storage = [vault], spec = until, artifacts = [attestation] }: Given): TrustedRecord {
  const backends = storage.map(({ backendRef }) => backendRef.name);
  const read = readRecord(storedRecord({ backends, storage, spec }), SEAL_KEY);
  assert.ok(read?.isTrusted);
  return { ...read, object: { ...read.object, evidence: { ...read.object.evidence, artifacts } } };
}

/** The names of the artifacts whose payload goes. */
function dropped(given: Given): readonly string[] {
  const lighter = withoutStoredPayloads(record(given)) ?? [];
  return lighter.filter(({ payload }) => payload === undefined).map(({ name }) => name);
}

describe('the payloads that a record drops', () => {
  const rows: readonly (readonly [when: string, given: Given, names: readonly string[]])[] = [
    ['every backend gave it back', {}, ['attestation']],
    ['all of several are held', { artifacts: [attestation, image] }, ['attestation', 'image-abababababab']],
    ['a backend has no place for anything', { storage: [vault, nowhere] }, ['attestation']],
    ['one that may lose it holds it too', { storage: [vault, topic] }, ['attestation']],
    ['only such a one holds it', { storage: [topic] }, []],
    ['such a one alone holds the other', { storage: [half, images], artifacts: [attestation, image] }, ['attestation']],
    ['one backend was not read back', { storage: [vault, unread] }, []],
    [
      'one gave back something else',
      { storage: [vault, { ...topic, verification: { state: 'Failed', message: 'gone' } }] },
      [],
    ],
    ['one does not hold it yet', { storage: [vault, { ...topic, state: 'Pending' }] }, []],
    ['its policy keeps evidence', { spec: {} }, []],
    ['its policy says so', { spec: { evidence: 'Keep' } }, []],
    ['its policy audited', { spec: { ...until, mode: 'Audit' } }, []],
    ['it is not signed', { artifacts: [evidenceFixture({ payload })] }, []],
    ['it takes less room than the name of its place', { artifacts: [{ ...attestation, payload: 'x'.repeat(80) }] }, []],
    ['it has more subjects than the record lists', { artifacts: [{ ...attestation, subjectCount: 65 }] }, []],
    ['the place is not listed', { storage: [{ ...vault, locations: [location('image-abababababab')] }] }, []],
    [
      'another artifact has the same place',
      { storage: [{ ...vault, locations: [location('attestation', 'gs://b/x'), location('image-1', 'gs://b/x')] }] },
      [],
    ],
  ];
  for (const [when, given, names] of rows) {
    it(`are ${names.length === 0 ? 'none' : names.join(' and ')} when ${when}`, () => {
      assert.deepEqual(dropped(given), names);
    });
  }

  it('leave their digest and a place in each of two backends that last', () => {
    const more = ['a', 'b'].map((name): StorageEntry => ({
      ...vault,
      backendRef: { kind: 'StorageBackend', name },
    }));
    const [lighter] = withoutStoredPayloads(record({ storage: [topic, vault, ...more] })) ?? [];
    assert.equal(lighter?.payloadDigest, attestation.payloadDigest);
    assert.equal(lighter.signature, attestation.signature);
    const place = { kind: 'StorageBackend', uri: 'gs://b/attestation', digest: 'sha256:1' };
    assert.deepEqual(
      lighter.payloadLocations,
      ['vault', 'a'].map((name) => ({ ...place, name })),
    );
  });

  it('keep the record from being settled until they are gone', () => {
    const before = record({});
    assert.equal(summariseRecord(before).isSettled, false);
    const artifacts = withoutStoredPayloads(before) ?? [];
    const after = record({ artifacts });
    assert.equal(summariseRecord(after).isSettled, true);
    assert.equal(withoutStoredPayloads(after), undefined);
    assert.equal(summariseRecord(record({ spec: {} })).isSettled, true);
  });
});

describe('payloadPlaces', () => {
  it('names the sealed places first, and then every other one that the status knows', () => {
    const sealed = { kind: 'StorageBackend', name: 'vault', uri: 'gs://b/attestation', digest: 'sha256:1' } as const;
    const artifact = droppedFixture(attestation, [sealed]);
    const places = payloadPlaces(record({ storage: [topic, vault] }), artifact);
    assert.deepEqual(places, [
      sealed,
      { kind: 'StorageBackend', name: 'topic', uri: 'kafka://topic/0/7', digest: 'sha256:1' },
    ]);
  });
});
