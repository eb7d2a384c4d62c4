// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  EvidenceArtifact,
  ProvenanceRecordSpec,
  StorageEntry,
} from '../../api/v1alpha1/provenance-record/schema.ts';
import { droppedFixture, evidenceFixture, signedEvidenceFixture } from '../../evidence/artifact.fixture.ts';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { effectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import type { CompiledBackend, PolicyDefinition } from '../../pipelines/definitions.ts';
import { plannedFacts, plannedStores } from './plan-record.fixture.ts';
import { planRecord } from './plan-record.ts';
import type { RecordSnapshot } from './state/record-snapshot.ts';

const NOW = new Date('2025-03-02T00:00:00Z');
const policyKey = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
const ref = { kind: 'StorageBackend', name: 'tekton', uid: 'b' } as const;

function policy(record: object = { retention: 'Keep' }, maxSeconds = 0): PolicyDefinition {
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  const spec = effectiveSigningPolicySpec({ signer, record }, '2025-01-01T00:00:00Z', {
    ...standardRetention,
    maxSeconds,
  });
  return { ...policyKey, uid: 'p', generation: 1, homeNamespace: 'team-a', spec };
}

function backend(artifacts: ('Attestation' | 'ImageSignature')[] = ['Attestation', 'ImageSignature']): CompiledBackend {
  const spec = effectiveStorageBackendSpec({ type: 'Tekton', artifacts });
  return { kind: 'StorageBackend', namespace: 'team-a', name: 'tekton', uid: 'b', generation: 1, spec };
}

const artifact = evidenceFixture();
const signed = signedEvidenceFixture();
const storedEntry: StorageEntry = {
  backendRef: { kind: 'StorageBackend', name: 'tekton' },
  state: 'Stored',
  artifacts: ['Attestation'],
  locations: [{ uri: 'tekton://x', artifact: 'attestation' }],
};

interface Given {
  readonly artifacts?: readonly EvidenceArtifact[];
  readonly spec?: Partial<ProvenanceRecordSpec>;
  readonly storage?: readonly StorageEntry[];
  readonly problem?: { readonly reason: string; readonly message: string };
}

function snapshot(given: Given, rest: Partial<RecordSnapshot> = {}): RecordSnapshot {
  const spec: ProvenanceRecordSpec = {
    runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1', uid: 'r' },
    policyRef: { kind: 'SigningPolicy', name: 'builds' },
    outcome: 'Succeeded',
    completionTime: '2025-03-01T00:00:00Z',
    mode: 'Enforce',
    serviceAccountName: 'default',
    backendRefs: [ref],
    ...given.spec,
  };
  const { artifacts = [signed], problem, storage = [] } = given;
  const metadata = {
    namespace: 'team-a',
    name: 'n',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2025-03-01T00:00:00Z',
  };
  const evidence = { artifacts, seal: 's', ...(problem === undefined ? {} : { problem }) };
  return {
    record: {
      isTrusted: true,
      object: { apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord', metadata, spec, evidence },
      policy: policyKey,
      storage,
    },
    policy: policy(),
    signer: undefined,
    unsigned: undefined,
    backends: spec.backendRefs === undefined ? [] : [{ ref, backend: backend(), isDue: true }],
    bindable: undefined,
    hasRun: true,
    maxRetentionSeconds: 0,
    now: NOW,
    ...rest,
  };
}

describe('planRecord', () => {
  it('stores signed evidence in a backend that is due', () => {
    assert.equal(plannedStores(snapshot({})).length, 1);
    assert.equal(plannedFacts(snapshot({})).unsigned, undefined);
  });

  it('skips a backend whose back-off is not over, and one that holds the evidence', () => {
    assert.deepEqual(plannedStores(snapshot({}, { backends: [{ ref, backend: backend(), isDue: false }] })), []);
    assert.deepEqual(plannedStores(snapshot({ storage: [storedEntry] })), []);
  });

  describe('drops payloads', () => {
    const heavy = { ...signed, payload: 'x'.repeat(2000) };
    const vault = { kind: 'StorageBackend', name: 'vault', uid: 'v' } as const;
    const until = { evidence: 'UntilStored', backendRefs: [vault] } as const;
    const held: StorageEntry = {
      backendRef: { kind: 'StorageBackend', name: 'vault' },
      state: 'Stored',
      artifacts: ['Attestation'],
      locations: [{ uri: 'gs://b/attestation', artifact: 'attestation' }],
      verification: { state: 'Verified' },
    };
    const bound = { ref: vault, backend: { ...backend(['Attestation']), name: 'vault' }, isDue: true };

    it('once all backends hold the evidence and gave it back', () => {
      const plan = planRecord(snapshot({ spec: until, storage: [held], artifacts: [heavy] }, { backends: [bound] }));
      assert.ok(plan.action === 'Drop');
      assert.deepEqual(
        plan.artifacts.map(({ payload, payloadLocations }) => [payload, payloadLocations]),
        [[undefined, [{ kind: 'StorageBackend', name: 'vault', uri: 'gs://b/attestation' }]]],
      );
      assert.equal(plan.facts.backends?.[0]?.state, 'Stored');
    });

    it('not before a backend has what it takes since it was edited', () => {
      const wider = { ...bound, backend: backend(), isDue: true };
      const image = { ...signed, name: 'image-1', type: 'ImageSignature' } as const;
      const given = { spec: until, storage: [held], artifacts: [heavy, image] };
      const plan = planRecord(snapshot(given, { backends: [wider] }));
      assert.ok(plan.action === 'Advance');
      assert.equal(plan.store.length, 1);
    });

    it('not of a record that retires', () => {
      const old = snapshot(
        { spec: until, storage: [held], artifacts: [heavy] },
        { backends: [bound], policy: policy({ retention: 'Seconds', seconds: 1 }) },
      );
      assert.equal(planRecord(old).action, 'Retire');
    });

    it('and then signs, witnesses and stores nothing again, whatever the status says', () => {
      const at = { kind: 'StorageBackend', name: 'vault', uri: 'gs://b/attestation' } as const;
      const artifacts = [droppedFixture(signed, [at])];
      const done = planRecord(snapshot({ spec: until, storage: [held], artifacts }, { backends: [bound] }));
      assert.ok(done.action === 'Advance' && done.sign === undefined && !done.witness);
      assert.deepEqual(done.store, []);
      const url = 'https://witness.example';
      const asking = policy();
      const spec = { ...asking.spec, transparency: { timestampAuthorities: [{ url }] } };
      const restored = snapshot({ spec: until, artifacts }, { backends: [bound], policy: { ...asking, spec } });
      const plan = planRecord(restored);
      assert.ok(plan.action === 'Advance' && !plan.witness);
      assert.equal(plan.store.length, 1);
    });
  });

  it('waits while nothing can be signed, and reports why', () => {
    const missing = { reason: 'KeyNotFound', message: 'Secret k' } as const;
    const plan = planRecord(snapshot({ artifacts: [artifact] }, { signer: missing }));
    assert.ok(plan.action === 'Wait');
    assert.deepEqual(plan.facts.unsigned, missing);
  });

  it('reports a rule against signing before a missing key', () => {
    const suspended = { reason: 'Suspended', message: 'later' } as const;
    assert.deepEqual(plannedFacts(snapshot({ artifacts: [artifact] }, { unsigned: suspended })).unsigned, suspended);
  });

  it('repeats the recorded reason for a missing payload, or states one', () => {
    const problem = { reason: 'ChildMissing', message: 'TaskRun c' };
    assert.deepEqual(plannedFacts(snapshot({ artifacts: [], problem })).unsigned, problem);
    assert.equal(plannedFacts(snapshot({ artifacts: [] })).unsigned?.reason, 'Progressing');
    assert.equal(plannedFacts(snapshot({ artifacts: [] }, { policy: undefined })).unsigned?.reason, 'PolicyDeleted');
  });

  it('finishes a signed record of a deleted policy with the backends bound in it', () => {
    assert.equal(plannedStores(snapshot({}, { policy: undefined })).length, 1);
  });

  it('reports a bound backend that does not exist', () => {
    const given = snapshot({}, { backends: [{ ref, backend: undefined, isDue: true }] });
    assert.equal(plannedFacts(given).backends?.[0]?.problem?.reason, 'BackendNotFound');
    assert.deepEqual(plannedStores(given), []);
  });

  it('reports an artifact that no backend takes, once all backends exist', () => {
    const onlyImages = { ref, backend: backend(['ImageSignature']), isDue: true };
    assert.equal(plannedFacts(snapshot({}, { backends: [onlyImages] })).uncovered?.reason, 'BackendNotFound');
    const unknown = { ref: { ...ref, name: 'x' }, backend: undefined, isDue: true };
    assert.equal(plannedFacts(snapshot({}, { backends: [onlyImages, unknown] })).uncovered, undefined);
  });

  const image: EvidenceArtifact = { ...signed, name: 'image-0', type: 'ImageSignature', form: 'SimpleSigning' };

  it('stores again in a backend that takes more than before', () => {
    const taking = { ref, backend: backend(['Attestation', 'ImageSignature']), isDue: true };
    const given = snapshot({ artifacts: [signed, image], storage: [storedEntry] }, { backends: [taking] });
    assert.equal(plannedFacts(given).backends?.[0]?.state, 'Pending');
    assert.equal(plannedStores(given).length, 1);
  });

  it('still reports an artifact that no backend takes when a backend that stored another one is gone', () => {
    const gone = { ref, backend: undefined, isDue: true };
    const given = { artifacts: [signed, image], storage: [storedEntry] };
    assert.equal(plannedFacts(snapshot(given, { backends: [gone] })).uncovered?.reason, 'BackendNotFound');
    const all = { ...storedEntry, artifacts: ['Attestation', 'ImageSignature'] } as const;
    assert.equal(plannedFacts(snapshot({ ...given, storage: [all] }, { backends: [gone] })).uncovered, undefined);
  });

  it('binds a record whose run is gone to backends that take every run', () => {
    const unbound = { ...snapshot({}, { backends: [], bindable: [ref], hasRun: false }) };
    const boundTo = (given: RecordSnapshot): unknown => {
      const plan = planRecord(given);
      return plan.action === 'Bind' ? plan.backendRefs : undefined;
    };
    assert.deepEqual(boundTo(unbound), [ref]);
    assert.equal(boundTo({ ...unbound, hasRun: true }), undefined);
    assert.equal(boundTo({ ...unbound, hasRun: undefined }), undefined);
  });

  it('does not wait for a deleted run, and keeps the final reason that it left', () => {
    const problem = { reason: 'ChildMissing', message: 'TaskRun c' };
    const given = { artifacts: [], problem };
    assert.equal(plannedFacts(snapshot(given, { hasRun: false })).unsigned?.reason, 'RunDeleted');
    const tooLarge = { reason: 'PayloadTooLarge', message: 'x' };
    const facts = plannedFacts(snapshot({ ...given, problem: tooLarge }, { hasRun: false }));
    assert.equal(facts.unsigned?.reason, 'PayloadTooLarge');
  });

  const hour = { retention: 'Seconds', seconds: 3600 } as const;
  const retirements: readonly (readonly [
    when: string,
    given: Given,
    rest: Partial<RecordSnapshot>,
    retires: boolean,
  ])[] = [
    ['its time is over and it is stored', { storage: [storedEntry] }, { policy: policy(hour) }, true],
    ['its time is over and it is not stored', {}, { policy: policy(hour) }, false],
    [
      'its time is over and no backend took one of its artifacts',
      { artifacts: [signed, { ...signed, name: 'image-0', type: 'ImageSignature' }], storage: [storedEntry] },
      { policy: policy(hour), backends: [{ ref, backend: backend(['Attestation']), isDue: true }] },
      false,
    ],
    ['its time is over and its run is gone', { artifacts: [artifact] }, { policy: policy(hour), hasRun: false }, true],
    ['its time is over and a backend may still take it', {}, { policy: policy(hour), hasRun: false }, false],
    [
      'its time is over and the backend is gone for now',
      {},
      { policy: policy(hour), hasRun: false, backends: [{ ref, backend: undefined, isDue: true }] },
      false,
    ],
    [
      'its time is over, its run is gone and the backend refused it',
      { storage: [{ ...storedEntry, state: 'Pending', reason: 'BackendRejected', message: 'no such image' }] },
      { policy: policy(hour), hasRun: false },
      true,
    ],
    ['its time is not over', { storage: [storedEntry] }, { policy: policy({ ...hour, seconds: 864_000 }) }, false],
    [
      'its run is gone and the policy keeps records with runs',
      { storage: [storedEntry] },
      { policy: policy({ retention: 'WithRun' }), hasRun: false },
      true,
    ],
    [
      'its run is gone before it was stored, and it can still be',
      {},
      { policy: policy({ retention: 'WithRun' }), hasRun: false },
      false,
    ],
    [
      'its run is there and the policy keeps records with runs',
      { storage: [storedEntry] },
      { policy: policy({ retention: 'WithRun' }) },
      false,
    ],
    [
      'it is unknown whether its run exists',
      { storage: [storedEntry] },
      { policy: policy({ retention: 'WithRun' }), hasRun: undefined },
      false,
    ],
    [
      'its policy is gone and it froze no retention',
      { storage: [storedEntry] },
      { policy: undefined, hasRun: false },
      false,
    ],
    [
      "its policy is gone, it froze no retention and the platform's limit is over",
      { storage: [storedEntry] },
      { policy: undefined, maxRetentionSeconds: 3600 },
      true,
    ],
    [
      "the platform's limit is over and it is not stored",
      { spec: { retention: { type: 'Keep' } } },
      { policy: undefined, maxRetentionSeconds: 3600 },
      false,
    ],
    [
      'its policy keeps records with runs, and its run outlives the limit of the platform',
      { storage: [storedEntry] },
      { policy: policy({ retention: 'WithRun' }, 3600) },
      true,
    ],
    [
      'its policy is gone and the time that it froze is over',
      { storage: [storedEntry], spec: { retention: { type: 'Seconds', seconds: 3600 } } },
      { policy: undefined },
      true,
    ],
    [
      'its policy is gone and the time that it froze is not over',
      { storage: [storedEntry], spec: { retention: { type: 'Seconds', seconds: 864_000 } } },
      { policy: undefined },
      false,
    ],
    [
      'its policy and its run are gone and it was to be kept with its run',
      { storage: [storedEntry], spec: { retention: { type: 'WithRun' } } },
      { policy: undefined, hasRun: false },
      true,
    ],
    [
      'its policy now keeps records for ever, and it froze a time that is over',
      { storage: [storedEntry], spec: { retention: { type: 'Seconds', seconds: 3600 } } },
      { policy: policy() },
      false,
    ],
    [
      'it was audited and its time is over',
      { artifacts: [artifact], spec: { mode: 'Audit' } },
      { policy: policy(hour) },
      true,
    ],
  ];
  for (const [when, given, rest, retires] of retirements) {
    it(`${retires ? 'retires' : 'keeps'} a record when ${when}`, () => {
      assert.equal(planRecord(snapshot(given, rest)).action === 'Retire', retires);
    });
  }

  it('plans to return when the time of the record is over', () => {
    const plan = planRecord(snapshot({ storage: [storedEntry] }, { policy: policy({ ...hour, seconds: 864_000 }) }));
    assert.equal(plan.action === 'Advance' && plan.retiresAtMs, Date.parse('2025-03-11T00:00:00Z'));
  });

  it('retires the record of a run that has nothing to sign when its time is over, whether or not the run is there', () => {
    const problem = { reason: 'NoSubjects', message: 'the run names no image' };
    const spec = { retention: { type: 'Seconds', seconds: 60 } } as const;
    for (const hasRun of [true, false]) {
      const rest = { hasRun, policy: policy({ retention: 'Seconds', seconds: 60 }) };
      const plan = planRecord(snapshot({ artifacts: [], problem, spec }, rest));
      assert.match(plan.action === 'Retire' ? plan.why : '', /time, which is over/);
    }
    const kept = planRecord(
      snapshot({ artifacts: [], problem, spec: { retention: { type: 'Seconds', seconds: 1e6 } } }),
    );
    assert.equal(kept.action === 'Wait' && kept.facts.unsigned.reason, 'NoSubjects');
  });
});
