// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { effectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { Controller } from '../../runtime/queue/controller.ts';
import { currentTenant } from '../../runtime/tenant.ts';
import { type ControllerKeys, controllerQueues } from './controller-queues.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { RecordReconciler } from '../provenance-record/record-reconciler.ts';
import { VerificationReconciler } from '../provenance-record/read-back/verification-reconciler.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import { RunReconciler } from '../run/run-reconciler.ts';
import { PolicyReconciler } from '../signing-policy/policy-reconciler.ts';
import { BackendReconciler } from '../storage-backend/backend-reconciler.ts';
import { type SharedController, WorkerShares } from './worker-shares.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import { type PolicyKey, policyKey } from '../../pipelines/policy-key.ts';
import { type BackendKey, backendKey } from '../../pipelines/backend-key.ts';

const TEAMS = ['team-a', 'team-b', 'team-c', 'team-d', 'team-e'] as const;
const COMPLETED = '2026-01-02T03:04:00Z';
/** The timeout of a server that does not answer. */
const HANG_MS = 60_000;
const MANY = 40;

/** The real reconcilers of five teams, each with a policy `works`, with the workers that an operator has. */
const every = (): boolean => true;
const all = {
  ...{ run: every, 'provenance-record': every, verification: every, retirement: every },
  ...{
    'deletion-guard': every,
    'child-notes': every,
    'signing-policy': every,
    'storage-backend': every,
    'policy-ceiling': every,
  },
  ...{ resync: every, rescan: every },
};

class Teams extends ReconcilerWorld {
  readonly #backoff = exponentialBackoff({ minMs: 1000, maxMs: 2000, random: () => 0.5 });
  readonly shared = controllerQueues({
    clock: this.clock,
    backoff: this.#backoff,
    observer: () => ({}),
    admissions: all,
  });
  readonly shares = new WorkerShares(this.shared, { runs: 8, records: 16 });
  readonly #ended = new Set<string>();
  #looks = 0;
  readonly objects = { policies: new ObjectStore<PolicyKey>(), backends: new ObjectStore<BackendKey>() };

  constructor() {
    super();
    for (const namespace of TEAMS) this.setPolicyOf({}, { namespace, name: 'works' });
    const { context, shares, caches, attempts, objects } = this;
    const { lanes } = shares;
    const runs = new RunReconciler({ context, cache: caches.run, lanes: lanes.run, childrenDeadlineSeconds: 60 });
    this.#run('run', runs);
    const stored = { context, attempts, lanes: lanes['provenance-record'], cache: caches.record };
    const records = new RecordReconciler(stored);
    this.#run('provenance-record', records);
    const readBack = { context, attempts, lanes: lanes.verification, intervalSeconds: 86_400 };
    const verification = new VerificationReconciler(readBack);
    this.#run('verification', verification);
    const operatorNamespace = 'hallmark-system';
    const policies = new PolicyReconciler({
      ...{ context, operatorNamespace, objects: objects.policies },
      onAnnotatingAllowed: () => undefined,
    });
    this.#run('signing-policy', shares.byNamespace('signing-policy', policies));
    const probes = { context, operatorNamespace, objects: objects.backends, onHealthChange: () => undefined };
    const backends = new BackendReconciler(probes);
    this.#run('storage-backend', shares.byNamespace('storage-backend', backends));
  }

  /** Makes a policy, of the whole cluster where no namespace is given. */
  setPolicyOf(spec: object, of: { readonly namespace?: string; readonly name: string }): void {
    const policy = readPolicy(policyObject(spec, of), 'hallmark-system');
    assert.ok(policy !== undefined);
    this.context.pipelines.setPolicy(policy);
  }

  /** Makes a backend, of the whole cluster where no namespace is given. */
  setBackend(of: { readonly namespace?: string; readonly name: string }): void {
    const kind = of.namespace === undefined ? 'ClusterStorageBackend' : 'StorageBackend';
    const gcs = { bucket: 'evidence', keys: 'PerPolicy', authentication: { type: 'WorkloadIdentity' } } as const;
    const spec = effectiveStorageBackendSpec({ type: 'GCS', gcs, acceptFrom: ['SigningPolicy'] });
    const identity = { kind, namespace: 'hallmark-system', uid: 'b', generation: 1, ...of } as const;
    this.context.pipelines.setBackend({ ...identity, spec });
  }

  /** Lets time pass in small steps, so that the controllers go on in each. */
  async pass(ms: number): Promise<void> {
    for (let step = 0; step < 25; step += 1) await this.clock.advance(ms / 25);
  }

  hang(): Promise<void> {
    return this.clock.sleep(HANG_MS);
  }

  async finishRuns(namespace: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1)
      this.shared.run.add(await this.addRun(`run-${index}`, COMPLETED, namespace));
  }

  /** The number of reconciles so far. */
  get looks(): number {
    return this.#looks;
  }

  /** Number of records of a policy, signed or not. */
  made(namespace: string, policy: string): number {
    return this.#recordsOf(namespace, policy).length;
  }

  /** Number of them that are stored. */
  held(namespace: string, policy: string): number {
    return this.#recordsOf(namespace, policy).filter(({ isHeld }) => isHeld).length;
  }

  /** Enqueues each record, as an event of the watch would. */
  queueRecords(name: 'provenance-record' | 'verification'): void {
    for (const { key } of this.context.records.all()) this.shared[name].add(key);
  }

  /** True when a reconcile of the key has ended. */
  hasReconciled(name: SharedController, key: string): boolean {
    return this.#ended.has(`${name} ${key}`);
  }

  #recordsOf(namespace: string, policy: string) {
    const all = [...this.context.records.all()];
    return all.filter((record) => record.key.startsWith(`${namespace}/`) && record.policy?.name === policy);
  }

  #run<Name extends SharedController>(name: Name, reconciler: Reconciler<ControllerKeys[Name]>): void {
    const lanes = this.shares.lanes[name];
    const controller = new Controller<ControllerKeys[Name]>({
      name,
      concurrency: this.shares.workers[name],
      reconcile: (key, signal) => reconciler.reconcile(key, signal),
      queue: this.shared[name],
      clock: this.clock,
      onResult: ({ key, waitsAgain }) => {
        lanes.ended(key, waitsAgain);
        this.#looks += 1;
        this.#ended.add(`${name} ${key}`);
      },
    });
    controller.start();
  }
}

describe('the shares of the workers', () => {
  it('let no signer that hangs hold up another policy, of its namespace or of any other', async () => {
    const world = new Teams();
    world.setPolicyOf({}, { namespace: 'team-a', name: 'hangs' });
    world.waits.sign = (policy) => (policy.includes('hangs') ? world.hang() : Promise.resolve());
    for (const namespace of TEAMS) await world.finishRuns(namespace, namespace === 'team-a' ? MANY : 10);
    await world.pass(HANG_MS / 2);
    for (const namespace of TEAMS)
      assert.equal(world.made(namespace, 'works'), namespace === 'team-a' ? MANY : 10, namespace);
    assert.equal(world.made('team-a', 'hangs'), 0);
    for (let round = 0; round < MANY / 4; round += 1) await world.pass(HANG_MS);
    assert.equal(world.made('team-a', 'hangs'), MANY);
  });

  it('let no signer of a policy of the whole cluster hold up the policies of the teams', async () => {
    const world = new Teams();
    world.setPolicyOf({}, { name: 'hangs' });
    world.waits.sign = (policy) => (policy.includes('hangs') ? world.hang() : Promise.resolve());
    for (const namespace of TEAMS) await world.finishRuns(namespace, 20);
    await world.pass(HANG_MS / 2);
    for (const namespace of TEAMS) assert.equal(world.made(namespace, 'works'), 20, namespace);
  });

  it('leave runs alone whose policies all had their turn, though none could complete its record', async () => {
    const world = new Teams();
    // Neither policy names a backend, and one of the whole cluster needs subjects: no record is ever complete.
    world.setPolicyOf({}, { name: 'incomplete' });
    world.waits.sign = (policy) => (policy.includes('incomplete') ? world.hang() : Promise.resolve());
    for (const namespace of TEAMS) await world.finishRuns(namespace, 20);
    await world.pass(HANG_MS / 2);
    await world.pass(HANG_MS);
    const { looks } = world;
    for (let turn = 0; turn < 500; turn += 1) await setImmediate();
    assert.equal(world.looks, looks);
  });

  it('let no backend that hangs hold up the storing of others, of the same namespace or of any other', async () => {
    const world = new Teams();
    world.setPolicyOf(storedIn('hangs'), { namespace: 'team-a', name: 'hangs' });
    world.setBackend({ namespace: 'team-a', name: 'hangs' });
    for (const namespace of TEAMS) {
      world.setBackend({ namespace, name: 'store' });
      world.setPolicyOf(storedIn('store'), { namespace, name: 'works' });
    }
    world.waits.put = (backend) => (backend.includes('hangs') ? world.hang() : Promise.resolve());
    for (const namespace of TEAMS) await world.finishRuns(namespace, 20);
    await world.pass(1000);
    world.queueRecords('provenance-record');
    await world.pass(HANG_MS / 2);
    for (const namespace of TEAMS) assert.equal(world.held(namespace, 'works'), 20, namespace);
  });

  it('let no registry of one team hold up the others in a backend of the whole cluster', async () => {
    const world = new Teams();
    world.setBackend({ name: 'shared' });
    for (const namespace of TEAMS)
      world.setPolicyOf(storedIn('shared', 'ClusterStorageBackend'), { namespace, name: 'works' });
    world.waits.put = (_backend, namespace) => (namespace === 'team-a' ? world.hang() : Promise.resolve());
    for (const namespace of TEAMS) await world.finishRuns(namespace, namespace === 'team-a' ? MANY : 20);
    await world.pass(1000);
    world.queueRecords('provenance-record');
    await world.pass(HANG_MS / 2);
    for (const namespace of TEAMS.slice(1)) assert.equal(world.held(namespace, 'works'), 20, namespace);
    assert.equal(world.held('team-a', 'works'), 0);
  });

  it('let no backend that hangs hold up the reading back of others', async () => {
    const world = new Teams();
    for (const namespace of TEAMS) {
      world.setBackend({ namespace, name: 'store' });
      world.setPolicyOf(storedIn('store'), { namespace, name: 'works' });
    }
    world.setBackend({ namespace: 'team-a', name: 'hangs' });
    world.setPolicyOf(storedIn('hangs'), { namespace: 'team-a', name: 'hangs' });
    for (const namespace of TEAMS) await world.finishRuns(namespace, 20);
    await world.pass(1000);
    world.queueRecords('provenance-record');
    await world.pass(10_000);
    const asked: string[] = [];
    world.waits.get = (backend) => {
      asked.push(backend);
      return backend.includes('hangs') ? world.hang() : Promise.resolve();
    };
    world.queueRecords('verification');
    await world.pass(5000);
    for (const namespace of TEAMS)
      assert.equal(asked.filter((backend) => backend.includes(`${namespace}/store`)).length, 20, namespace);
    const hanging = asked.filter((backend) => backend.includes('hangs')).length;
    assert.ok(hanging > 0 && hanging <= 8, `${hanging} read-backs wait for the backend that hangs`);
  });

  it('let no team whose key services hang hold up the policies of others', async () => {
    const world = new Teams();
    world.waits.sign = (policy) => (policy.includes('hangs') ? world.hang() : Promise.resolve());
    const looks: PolicyKey[] = [];
    const add = (namespace: string, name: string): void => {
      const key = policyKey({ kind: 'SigningPolicy', namespace, name });
      const object = policyObject({}, { namespace, name });
      world.objects.policies.set(key, object);
      world.shared['signing-policy'].add(key);
      looks.push(key);
    };
    for (let index = 0; index < MANY; index += 1) add('team-a', `hangs-${index}`);
    for (const namespace of TEAMS.slice(1)) add(namespace, 'works');
    await world.pass(1000);
    const open = looks.filter((key) => world.shared['signing-policy'].isProcessing(key));
    assert.ok(open.length > 0 && open.every((key) => key.includes('hangs')), open.join());
    for (const namespace of TEAMS.slice(1))
      assert.equal(
        world.hasReconciled('signing-policy', policyKey({ kind: 'SigningPolicy', namespace, name: 'works' })),
        true,
        namespace,
      );
  });

  it('keep no place for a record that was deleted after it was woken', () => {
    const world = new Teams();
    const lanes = world.shares.lanes['provenance-record'];
    const queue = world.shared['provenance-record'];
    const narrow = [{ name: 'narrow', perIdle: 0 }];
    const leave = lanes.enter(narrow, 'team-a/first');
    assert.equal(lanes.enter(narrow, 'team-a/deleted'), undefined);
    assert.equal(lanes.enter(narrow, 'team-a/other'), undefined);
    queue.close();
    leave?.();
    // The event handler does so when the watch delivers the deletion.
    queue.remove('team-a/deleted');
    assert.notEqual(lanes.enter(narrow, 'team-a/other'), undefined);
  });

  it('let no team whose backends hang hold up the probes of others', async () => {
    const world = new Teams();
    const probed: string[] = [];
    world.waits.probe = async (backend) => {
      if (backend.includes('hangs')) await world.hang();
      probed.push(backend);
    };
    const add = (namespace: string, name: string): void => {
      const key = backendKey({ kind: 'StorageBackend', namespace, name });
      world.objects.backends.set(key, {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'StorageBackend',
        metadata: {
          namespace,
          name,
          uid: `${namespace} ${name}`,
          generation: 1,
          resourceVersion: '1',
          creationTimestamp: COMPLETED,
        },
        spec: { type: 'Tekton' },
      });
      world.shared['storage-backend'].add(key);
    };
    for (let index = 0; index < 3 * MANY; index += 1) add('team-a', `hangs-${index}`);
    for (const namespace of TEAMS.slice(1)) add(namespace, 'works');
    await world.pass(500);
    assert.deepEqual(
      probed.toSorted(),
      TEAMS.slice(1).map((namespace) => `StorageBackend ${namespace}/works`),
    );
  });
});

function policyObject(spec: object, of: { readonly namespace?: string; readonly name: string }): object {
  const metadata = { uid: `${of.namespace} ${of.name}`, resourceVersion: '1', generation: 1, ...of };
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: of.namespace === undefined ? 'ClusterSigningPolicy' : 'SigningPolicy',
    metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { signer: { type: 'Key', key: { secretRef: { name: 'k' } } }, ...spec },
  };
}

function storedIn(name: string, kind = 'StorageBackend'): object {
  return { backendRefs: [{ kind, name }] };
}

describe('a reconcile on behalf of a tenant', () => {
  it('counts for the namespace of its key, and for no team where the kind is of the whole cluster', async () => {
    const { shares } = new Teams();
    const tenantOf = async <Name extends SharedController>(name: Name, key: ControllerKeys[Name]): Promise<string> => {
      let seen: string | undefined;
      const reconciler = shares.forTenant(name, {
        reconcile: async () => {
          await Promise.resolve();
          seen = currentTenant();
          return {};
        },
      });
      await reconciler.reconcile(key, new AbortController().signal);
      return seen ?? 'none';
    };
    assert.equal(await tenantOf('run', 'TaskRun/team-a/bake/uid'), 'team-a');
    assert.equal(await tenantOf('provenance-record', 'team-b/bake-1'), 'team-b');
    assert.equal(await tenantOf('verification', 'team-c/bake-1'), 'team-c');
    assert.equal(await tenantOf('signing-policy', 'SigningPolicy/team-d/works'), 'team-d');
    assert.equal(await tenantOf('storage-backend', 'ClusterStorageBackend//shared'), '');
  });
});
