// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { field } from '../../json/fields.ts';
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import { artifactProblem } from '../../api/v1alpha1/provenance-record/artifact-problem.ts';
import { type ProvenanceRecord, provenanceRecordSchema } from '../../api/v1alpha1/provenance-record/schema.ts';
import { toEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import type { Artifact } from '../../evidence/artifact.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { KeySigner } from '../../signing/key/key-signer.ts';
import { SigningError } from '../../signing/signing-error.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { backendRefsOf } from '../../pipelines/backend-refs.ts';
import { recordConditions } from '../../records/status/record-conditions.ts';
import { type DraftEvidence, recordedEvidence, sealedRecord, tooManyArtifacts } from '../../records/record-object.ts';
import { signArtifacts } from '../policy-services/sign-artifacts.ts';
import { storageEntries } from '../../records/status/storage-entries.ts';
import { SEAL_KEY, storedRecord } from '../../records/stored-record.fixture.ts';
import { witnessArtifacts } from './signing/witness-artifacts.ts';

/** Longer than any field, and cut in two wherever a limit is odd. */
const long = `x${'🥖'.repeat(50_000)}`;
const never = new AbortController().signal;

const unsigned: Artifact = {
  name: 'attestation',
  type: 'Attestation',
  form: 'InTotoStatement',
  payloadType: 'application/vnd.in-toto+json',
  payload: Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [] })),
  subjects: Array.from({ length: 1000 }, () => ({ name: long, digest: { sha256: 'a'.repeat(64) } })),
};

/** The guard of each limit of a record. `API`: the name or UID of an object that exists. `Ours`: words and digests of our own. */
type Bound =
  | 'API'
  | 'Ours'
  | 'evidence'
  | 'problem'
  | 'signer'
  | 'witness'
  | 'storage'
  | 'conditions'
  | 'backends'
  | 'run'
  | 'artifacts';

const bounds: Readonly<Record<string, Bound>> = {
  'spec.runRef.name': 'API',
  'spec.runRef.uid': 'API',
  'spec.policyRef.name': 'API',
  'spec.serviceAccountName': 'run',
  'spec.backendRefs': 'backends',
  'spec.backendRefs[].name': 'API',
  'spec.backendRefs[].uid': 'API',
  'evidence.artifacts': 'artifacts',
  'evidence.artifacts[].name': 'Ours',
  'evidence.artifacts[].payloadType': 'Ours',
  'evidence.artifacts[].payload': 'artifacts',
  'evidence.artifacts[].payloadDigest': 'Ours',
  'evidence.artifacts[].payloadLocations': 'Ours',
  'evidence.artifacts[].payloadLocations[].name': 'API',
  // Those of a status, which has the same bound.
  'evidence.artifacts[].payloadLocations[].uri': 'storage',
  'evidence.artifacts[].payloadLocations[].digest': 'Ours',
  'evidence.artifacts[].subjects': 'evidence',
  'evidence.artifacts[].subjects[]': 'evidence',
  'evidence.artifacts[].signature': 'signer',
  'evidence.artifacts[].keyID': 'signer',
  'evidence.artifacts[].publicKey': 'signer',
  'evidence.artifacts[].certificate.chain': 'signer',
  'evidence.artifacts[].certificate.identity': 'signer',
  'evidence.artifacts[].certificate.issuer': 'signer',
  'evidence.artifacts[].witnesses': 'Ours',
  'evidence.artifacts[].logEntries': 'Ours',
  'evidence.artifacts[].logEntries[].url': 'witness',
  'evidence.artifacts[].logEntries[].logIndex': 'witness',
  'evidence.artifacts[].logEntries[].entry': 'witness',
  'evidence.artifacts[].timestamps': 'witness',
  'evidence.artifacts[].timestamps[].url': 'witness',
  'evidence.artifacts[].timestamps[].token': 'witness',
  'evidence.artifacts[].logFailure': 'witness',
  'evidence.artifacts[].warnings': 'evidence',
  'evidence.artifacts[].warnings[]': 'evidence',
  'evidence.problem.reason': 'Ours',
  'evidence.problem.message': 'problem',
  'evidence.seal': 'Ours',
  'evidence.sealKeyID': 'Ours',
  'status.conditions': 'Ours',
  'status.conditions[].type': 'Ours',
  'status.conditions[].reason': 'Ours',
  'status.conditions[].message': 'conditions',
  'status.storage': 'backends',
  'status.storage[].backendRef.name': 'API',
  'status.storage[].artifacts': 'Ours',
  'status.storage[].locations': 'storage',
  'status.storage[].locations[].uri': 'storage',
  'status.storage[].locations[].digest': 'Ours',
  'status.storage[].locations[].artifact': 'Ours',
  'status.storage[].missing': 'artifacts',
  'status.storage[].missing[]': 'Ours',
  'status.storage[].reason': 'Ours',
  'status.storage[].message': 'storage',
  'status.storage[].verification.message': 'storage',
  'status.stored': 'Ours',
  'status.reason': 'Ours',
  'status.message': 'conditions',
  'status.seal': 'Ours',
};

function boundedPaths(schema: unknown, path: string): readonly string[] {
  const own = ['maxLength', 'maxItems'].some((name) => field(schema, name) !== undefined) ? [path] : [];
  const properties = Object.entries(field(schema, 'properties') ?? {}).flatMap(([name, of]) =>
    boundedPaths(of, path === '' ? name : `${path}.${name}`),
  );
  const items = field(schema, 'items');
  return [...own, ...properties, ...(items === undefined ? [] : boundedPaths(items, `${path}[]`))];
}

/** Parses the record as the API server would, from its JSON. */
function written(change: Partial<ProvenanceRecord>): ProvenanceRecord {
  const object: unknown = JSON.parse(JSON.stringify({ ...Object(storedRecord()), ...change }));
  const parsed = parseProvenanceRecord(object);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.value;
}

describe('the limits of a record', () => {
  it('each have a guard, so that none of them makes a record that can never be written', () => {
    assert.deepEqual(boundedPaths(provenanceRecordSchema, '').toSorted(), Object.keys(bounds).toSorted());
  });

  it('cut lists for readers', () => {
    const warnings = Array.from({ length: 1000 }, (_, index) => `HintIgnored: ${index} ${long}`);
    const artifact = toEvidenceArtifact({ ...unsigned, warnings, policyGeneration: 1 });
    assert.equal(artifactProblem(artifact), undefined);
    assert.ok([...(artifact.subjects ?? []), ...(artifact.warnings ?? [])].every((text) => text.isWellFormed()));
  });

  it('cut the problem of a run before it is sealed', () => {
    const draft: DraftEvidence = { artifacts: [], problem: { reason: 'PayloadInvalid', message: long } };
    const { spec } = written({});
    const { evidence } = sealedRecord(
      { name: 'n', namespace: 'team-a' },
      { spec, evidence: recordedEvidence(draft) },
      SEAL_KEY,
    );
    const { evidence: kept } = written({ evidence });
    assert.deepEqual(kept, evidence);
    assert.ok(kept.problem?.message.isWellFormed());
  });

  it('refuse too many artifacts, with a reason', () => {
    assert.equal(tooManyArtifacts(256), undefined);
    assert.equal(tooManyArtifacts(257)?.reason, 'PayloadTooLarge');
  });

  it('leave a record unbound that too many backends want', () => {
    const policy = readPolicy(
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'SigningPolicy',
        metadata: {
          namespace: 'team-a',
          name: 'p',
          uid: 'u',
          resourceVersion: '1',
          generation: 1,
          creationTimestamp: '2025-01-01T00:00:00Z',
        },
        spec: { signer: { type: 'Key', key: { secretRef: { name: 'k' } } } },
      },
      'hallmark-system',
    );
    assert.ok(policy !== undefined);
    const missing = (count: number): Pipeline['missing'] =>
      Array.from({ length: count }, (_, index) => ({ kind: 'StorageBackend', name: `b-${index}` }));
    const of = (count: number) => backendRefsOf({ backends: [], missing: missing(count), policy }, {});
    assert.equal(of(128)?.length, 128);
    assert.equal(of(129), undefined);
    const [ready] = recordConditions({
      generation: 1,
      artifacts: [{ name: 'attestation', isSigned: true }],
      backends: undefined,
      unbound: { reason: 'PolicyInvalid', message: '129 backends' },
      warnings: [],
    });
    assert.deepEqual([ready?.status, ready?.reason, ready?.message], ['False', 'PolicyInvalid', '129 backends']);
  });

  it('refuse a certificate or key that does not fit', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const small = new KeySigner(privateKey, 'sha256');
    const window = { notBefore: new Date(0), notAfter: new Date(1) };
    const certificate = { chain: long, identity: 'me', issuer: 'us', ...window };
    const signer = { keyID: 'id', publicKey: small.publicKey, certificate, sign: (data: Buffer) => small.sign(data) };
    const signing = { signer, transparency: { timestampAuthorities: [] }, now: new Date(0) };
    const artifact = { ...unsigned, subjects: [], policyGeneration: 1 };
    await assert.rejects(signArtifacts([artifact], signing), (error) => {
      assert.ok(error instanceof SigningError);
      assert.equal(error.reason, 'KeyInvalid');
      assert.match(error.message, /certificate\.chain.*32768.*shorter chain/);
      return true;
    });
  });

  it("refuse a witness's result that does not fit, and ask for it once in each turn", async () => {
    const url = 'https://witness.example';
    let asked = 0;
    const signature = { signature: Buffer.from('sig'), keyID: 'id', publicKey: 'pem' };
    const signed = { ...unsigned, subjects: [], policyGeneration: 1, ...signature };
    const witnesses = {
      transparency: { rekor: { url, apiVersion: 1, onFailure: 'Retry' }, timestampAuthorities: [] },
      timestamps: () => Promise.resolve([]),
      logEntry: () => {
        asked += 1;
        return Promise.resolve({ url, logIndex: '1', entry: 'e'.repeat(65_537) });
      },
    } as const;
    const witnessing = { witnesses, keep: () => Promise.resolve(), note: () => undefined, fence: () => undefined };
    const { problem } = await witnessArtifacts([signed], witnessing, never);
    assert.equal(problem?.reason, 'VerificationFailed');
    assert.match(problem.message, /entry.*65536.*use another log/);
    assert.equal(asked, 1);
    const failing = { ...witnesses, logEntry: () => Promise.reject(new TransparencyError('VerificationFailed', long)) };
    const without = {
      ...failing,
      transparency: { ...witnesses.transparency, rekor: { url, apiVersion: 1, onFailure: 'StoreWithout' } },
    } as const;
    const outcome = await witnessArtifacts([signed], { ...witnessing, witnesses: without }, never);
    for (const artifact of outcome.artifacts) {
      assert.equal(artifactProblem(toEvidenceArtifact(artifact)), undefined);
      assert.ok(artifact.logFailure?.isWellFormed());
    }
  });

  it('cut the backends and conditions of a status', () => {
    const problem = { reason: 'BackendRejected', message: long } as const;
    const backendRef = { kind: 'StorageBackend', name: 'b' } as const;
    const locations = Array.from({ length: 5000 }, () => ({ uri: long, artifact: 'attestation' }));
    const storage = storageEntries([
      { backendRef, state: 'Pending', locations, problem, verification: { state: 'Failed', message: long } },
    ]);
    const facts = recordConditions({
      generation: 1,
      artifacts: [{ name: 'attestation', isSigned: true }],
      backends: [{ backendRef, state: 'Pending', locations: [], problem }],
      warnings: [],
    });
    const conditions = setConditions(undefined, facts, new Date(0));
    const { status } = written({ status: { conditions, storage, message: conditions[0]?.message ?? '' } });
    assert.deepEqual(status?.storage, storage);
    assert.deepEqual(status.conditions, conditions);
  });
});
