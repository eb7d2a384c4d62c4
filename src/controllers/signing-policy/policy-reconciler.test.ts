// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Condition } from '../../api/v1alpha1/condition.ts';
import { kstatus, type KStatus } from '../../api/v1alpha1/kstatus.fixture.ts';
import { field } from '../../json/fields.ts';
import type { Reason } from '../../api/v1alpha1/reasons.ts';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { Resource } from '../../kube/resource.ts';
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import { TurnLine } from '../../runtime/turn-line.ts';
import { ChildNoteStore } from '../child-notes/child-note-store.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { PolicyWitnesses } from '../policy-services/policy-witnesses.ts';
import { BackendHealth } from '../memory/backend-health.ts';
import { storedConditions } from '../write-status.ts';
import { PolicyReconciler } from './policy-reconciler.ts';
import { PolicySigners } from '../policy-services/policy-signers.ts';
import { RecordRoom } from '../memory/records/record-room.ts';
import { SigningGate } from '../policy-services/signing-gate.ts';
import { CredentialError } from '../../credentials/credential-error.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';

const KEY = 'SigningPolicy/team-a/builds';
const OPERATOR = 'hallmark-system';
const { signal } = new AbortController();
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyEntries = { 'x509.pem': Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })) };

function metadata(name: string, generation: number): object {
  const times = { generation, creationTimestamp: '2025-01-01T00:00:00Z' };
  return { namespace: 'team-a', name, uid: `uid-${name}`, resourceVersion: '1', ...times };
}

const unused = (): never => assert.fail('a policy writes nothing but its status');

/** One policy with its real reconciler, and an API server that keeps the status it receives. */
class Bed {
  readonly clock = new ManualClock();
  readonly pipelines = new Pipelines(OPERATOR);
  readonly health = new BackendHealth();
  readonly objects = new ObjectStore<PolicyKey>();
  hasKey = true;
  /** The platform's limit; 0: none. */
  maxRetentionSeconds = 0;
  status: unknown;
  policy: object = {};
  #mayRecord = true;
  readonly childNotes = new ChildNoteStore({
    client: {
      ...{ find: unused, pages: unused, create: unused, mergePatch: unused },
      delete: () =>
        this.#mayRecord
          ? Promise.resolve(false)
          : Promise.reject(new KubeError({ status: 403, reason: 'Forbidden', message: 'no' })),
    },
    operatorNamespace: OPERATOR,
    sealKey: new SecretValue('k'),
    fence: () => undefined,
  });
  reconciler = this.#reconciler();

  /** Restarts the operator, which loses its memory. */
  restart(): void {
    this.reconciler = this.#reconciler();
  }

  apply(spec: object, generation = 1): void {
    const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
    const apiVersion = 'hallmark.dev/v1alpha1';
    this.policy = {
      apiVersion,
      kind: 'SigningPolicy',
      metadata: metadata('builds', generation),
      spec: { signer, ...spec },
    };
    const read = readPolicy(this.policy, OPERATOR);
    assert.ok(read !== undefined);
    this.pipelines.setPolicy(read);
  }

  get effectiveRecord(): unknown {
    return field(field(this.status, 'effective'), 'record');
  }

  get readyMessage(): string {
    return storedConditions({ status: this.status }).find(({ type }) => type === 'Ready')?.message ?? '';
  }

  backend(name: string): CompiledBackend {
    const apiVersion = 'hallmark.dev/v1alpha1';
    const object = { apiVersion, kind: 'StorageBackend', metadata: metadata(name, 1), spec: { type: 'Tekton' } };
    const read = readBackend(object, OPERATOR);
    assert.ok(read.ok);
    this.pipelines.setBackend(read.backend);
    return read.backend;
  }

  /** Reconciles once and returns the kstatus of the policy, with the reason of Ready. */
  async look(): Promise<readonly [KStatus, string | undefined]> {
    const object = { ...this.policy, status: this.status };
    this.objects.set(KEY, object);
    const { requeueAfterSeconds = Infinity } = await this.reconciler.reconcile(KEY, signal);
    this.nextLookSeconds = requeueAfterSeconds;
    return [this.#kstatus(), this.#ready()?.reason];
  }

  nextLookSeconds = 0;

  #ready(): Condition | undefined {
    return storedConditions({ status: this.status }).find(({ type }) => type === 'Ready');
  }

  #kstatus(): KStatus {
    return kstatus({ metadata: {}, status: { conditions: storedConditions({ status: this.status }) } });
  }

  isOwner = true;
  /** The resources that the operator may not patch, as the API server answers when it asks. */
  mayNotPatch: readonly string[] = [];
  hasUnannotated = false;
  /** The policies whose runs are to be annotated after all. */
  readonly allowed: string[] = [];
  /** The operator tries to record notes of children, and may or may not. */
  async recordNotes(mayRecord: boolean): Promise<void> {
    this.#mayRecord = mayRecord;
    await this.childNotes.remove({ namespace: 'team-a', uid: 'p' }, signal);
  }

  #reconciler(): PolicyReconciler {
    const { clock, pipelines, health, objects } = this;
    const access = {
      objects: {
        getSecret: () => Promise.resolve(this.hasKey ? keyEntries : undefined),
        getConfigMap: () => Promise.resolve(undefined),
        getTypedSecret: () => Promise.resolve(undefined),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'no tokens here')) },
      egress: new EgressClient({ allow: [] }),
      clock,
    };
    const keys = new PolicySigners({ ...access, keylessAudience: 'sigstore' });
    const logs = ['https://rekor.example'];
    const witnesses = new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs });
    const client = {
      find: unused,
      pages: unused,
      create: <T>(resource: Resource<T>, review: object): Promise<T> => {
        assert.equal(resource.kind, 'SelfSubjectAccessReview');
        const asked = String(field(field(field(review, 'spec'), 'resourceAttributes'), 'resource'));
        return Promise.resolve(resource.parse({ status: { allowed: !this.mayNotPatch.includes(asked) } }));
      },
      mergePatch: unused,
      delete: unused,
      replaceStatus: <T>(resource: Resource<T>, object: object): Promise<T> => {
        this.status = field(object, 'status');
        return Promise.resolve(resource.parse(object));
      },
    };
    const gate = new SigningGate({ keys, witnesses, clock });
    const shards = { owns: () => this.isOwner };
    const records = { hasUnannotated: () => this.hasUnannotated };
    const events = { record: () => undefined };
    const retention = { ...standardRetention, maxSeconds: this.maxRetentionSeconds };
    const recordRoom = new RecordRoom({
      ...{ clock, bounds: () => [], use: () => ({ records: 0, sizeBytes: 0 }), isRecorded: () => false },
    });
    const fence = (): undefined => undefined;
    const { childNotes } = this;
    const memory = { pipelines, recordRoom, records, health, shards, statusLine: new TurnLine() };
    const context = { client, clock, keys, gate, events, retention, fence, childNotes, ...memory };
    const onAnnotatingAllowed = ({ name }: { readonly name: string }): unknown => this.allowed.push(name);
    return new PolicyReconciler({ context, objects, operatorNamespace: OPERATOR, onAnnotatingAllowed });
  }
}

describe('PolicyReconciler', () => {
  it('has runs annotated that were stored while the operator might not patch them, once it may', async () => {
    const bed = new Bed();
    bed.apply({ compatibility: { chainsAnnotations: true } });
    bed.health.note(bed.backend('registry'), undefined);
    bed.mayNotPatch = ['taskruns', 'pipelineruns'];
    bed.hasUnannotated = true;
    assert.deepEqual(await bed.look(), ['InProgress', 'AnnotationForbidden']);
    assert.deepEqual([bed.allowed, bed.nextLookSeconds], [[], 30]);
    bed.mayNotPatch = [];
    assert.deepEqual(await bed.look(), ['Current', 'Ready']);
    assert.deepEqual(bed.allowed, ['builds']);
    bed.hasUnannotated = false;
    await bed.look();
    assert.deepEqual(bed.allowed, ['builds'], 'there is none any more');
  });

  it('needs the right to patch each kind that it signs, and names the kind that lacks it', async () => {
    const bed = new Bed();
    bed.apply({ runs: { kinds: ['TaskRun', 'PipelineRun'] }, deletionGuard: { type: 'Hold' } });
    bed.health.note(bed.backend('registry'), undefined);
    bed.mayNotPatch = ['pipelineruns'];
    assert.deepEqual(await bed.look(), ['InProgress', 'GuardForbidden']);
    assert.match(bed.readyMessage, /may not patch PipelineRuns: none is kept from being deleted/);
    bed.mayNotPatch = ['taskruns', 'pipelineruns'];
    await bed.look();
    assert.match(bed.readyMessage, /may not patch runs: none is kept/);
    bed.apply({ runs: { kinds: ['TaskRun'] }, deletionGuard: { type: 'Hold' } });
    bed.mayNotPatch = ['pipelineruns'];
    assert.deepEqual(await bed.look(), ['Current', 'Ready']);
  });

  it('has none annotated whose policy does not ask for it any more', async () => {
    const bed = new Bed();
    bed.apply({ compatibility: { chainsAnnotations: false }, deletionGuard: { type: 'Hold' } });
    bed.health.note(bed.backend('registry'), undefined);
    bed.hasUnannotated = true;
    await bed.look();
    assert.deepEqual(bed.allowed, []);
  });

  const named = { backendRefs: [{ kind: 'StorageBackend', name: 'registry' }] };
  const rekor = { transparency: { type: 'Rekor', rekor: { url: 'https://rekor.example' } } };
  const rooted = { ...rekor, trustedRoot: { type: 'ConfigMap', configMap: { name: 'root' } } };

  /** Objects that are missing at the apply, and how they appear. */
  const late: readonly (readonly [string, Reason, object, (bed: Bed) => void, (bed: Bed) => void])[] = [
    [
      'a named backend',
      'BackendNotFound',
      named,
      () => undefined,
      (bed) => {
        bed.health.note(bed.backend('registry'), undefined);
      },
    ],
    [
      'any backend',
      'BackendNotFound',
      {},
      () => undefined,
      (bed) => {
        bed.health.note(bed.backend('registry'), undefined);
      },
    ],
    [
      'the key',
      'KeyNotFound',
      named,
      (bed) => {
        bed.health.note(bed.backend('registry'), undefined);
        bed.hasKey = false;
      },
      (bed) => {
        bed.hasKey = true;
      },
    ],
  ];
  for (const [what, reason, spec, given, comes] of late) {
    it(`reconciles for a minute while ${what} is missing, then is stalled, and is current when it appears`, async () => {
      const bed = new Bed();
      bed.apply(spec);
      given(bed);
      assert.deepEqual(await bed.look(), ['InProgress', reason]);
      await bed.clock.advance(59_000);
      assert.deepEqual(await bed.look(), ['InProgress', reason]);
      assert.ok(bed.nextLookSeconds <= 1, `the end of the grace is not waited for: ${bed.nextLookSeconds}`);
      await bed.clock.advance(1000);
      assert.deepEqual(await bed.look(), ['Failed', reason]);
      bed.restart();
      assert.deepEqual(await bed.look(), ['Failed', reason], 'a restart gives no second grace');
      comes(bed);
      await bed.clock.advance(60_000);
      assert.deepEqual(await bed.look(), ['Current', 'Ready']);
    });
  }

  it('starts a new grace period when an edit names another object', async () => {
    const bed = new Bed();
    bed.apply(named);
    await bed.look();
    await bed.clock.advance(60_000);
    assert.deepEqual(await bed.look(), ['Failed', 'BackendNotFound']);
    bed.apply({ backendRefs: [{ kind: 'StorageBackend', name: 'other' }] }, 2);
    assert.deepEqual(await bed.look(), ['InProgress', 'BackendNotFound']);
  });

  it('keeps reconciling while its backend is down, and is never stalled by that', async () => {
    const bed = new Bed();
    bed.apply(named);
    const backend = bed.backend('registry');
    bed.health.note(backend, { reason: 'BackendUnavailable', message: 'connection refused' });
    for (const seconds of [0, 61, 86_400]) {
      await bed.clock.advance(seconds * 1000);
      assert.deepEqual(await bed.look(), ['InProgress', 'BackendNotReady']);
    }
    bed.health.note(backend, undefined);
    assert.deepEqual(await bed.look(), ['Current', 'Ready']);
  });

  it('reports Unknown for a backend that was never probed', async () => {
    const bed = new Bed();
    bed.apply(named);
    const backend = bed.backend('registry');
    assert.deepEqual(await bed.look(), ['InProgress', 'Progressing']);
    const statuses = storedConditions({ status: bed.status }).map(({ type, status }) => `${type}=${status}`);
    assert.deepEqual(statuses.slice(0, 3), ['Ready=Unknown', 'KeyReady=True', 'BackendsReady=Unknown']);
    bed.health.note(backend, undefined);
    assert.deepEqual(await bed.look(), ['Current', 'Ready']);
  });

  it('is current while it is suspended, even if objects are missing', async () => {
    const bed = new Bed();
    bed.hasKey = false;
    bed.apply({ suspend: true });
    await bed.clock.advance(61_000);
    assert.deepEqual(await bed.look(), ['Current', 'Suspended']);
  });

  it('says that the operator may not record the notes of children that it asks for, for as long as that is so', async () => {
    const bed = new Bed();
    bed.health.note(bed.backend('registry'), undefined);
    const says = async (children: object): Promise<string> => {
      bed.apply({ children });
      assert.deepEqual(await bed.look(), ['Current', 'Ready']);
      return bed.readyMessage;
    };
    assert.equal(await says({ notes: 'Recorded' }), 'ready to sign selected runs');
    await assert.rejects(bed.recordNotes(false));
    assert.match(await says({ notes: 'Recorded' }), /; children are noted in memory only, as the operator may not/);
    assert.equal(await says({ notes: 'Memory' }), 'ready to sign selected runs');
    await bed.recordNotes(true);
    assert.equal(await says({ notes: 'Recorded' }), 'ready to sign selected runs');
  });

  it('shows the retention in force, and says where the platform cuts what the policy asks for', async () => {
    const bed = new Bed();
    bed.health.note(bed.backend('registry'), undefined);
    bed.apply({});
    await bed.look();
    assert.deepEqual(bed.effectiveRecord, { retention: 'Seconds', seconds: 604_800, evidence: 'Keep' });
    bed.maxRetentionSeconds = 3600;
    bed.restart();
    await bed.look();
    assert.deepEqual(bed.effectiveRecord, { retention: 'Seconds', seconds: 3600, evidence: 'Keep' });
    assert.doesNotMatch(bed.readyMessage, /platform/, 'the policy asked for nothing');
    for (const mode of ['Enforce', 'Audit']) {
      bed.apply({ mode, record: { retention: 'WithRun' } }, 2);
      await bed.look();
      assert.deepEqual(bed.effectiveRecord, { retention: 'WithRun', seconds: 3600, evidence: 'Keep' });
      assert.match(bed.readyMessage, /; spec\.record asks for WithRun, and the platform keeps .* at most 3600 seconds/);
    }
  });

  it('requires a trusted root only where evidence is verified with it', async () => {
    const bed = new Bed();
    bed.health.note(bed.backend('registry'), undefined);
    bed.apply({ trustedRoot: rooted.trustedRoot });
    assert.deepEqual(await bed.look(), ['Current', 'Ready']);
    bed.apply(rooted, 2);
    assert.deepEqual(await bed.look(), ['InProgress', 'VerificationFailed']);
    await bed.clock.advance(60_000);
    assert.deepEqual(await bed.look(), ['Failed', 'VerificationFailed']);
  });
});
