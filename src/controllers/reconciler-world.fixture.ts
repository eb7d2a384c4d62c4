// SPDX-License-Identifier: Apache-2.0
import { effectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import { KubeObjectReader } from '../kube/kube-object-reader.ts';
import { KubeRunAnnotator } from '../kube/kube-run-annotator.ts';
import { KubeTokenSource } from '../kube/kube-token-source.ts';
import { objectMetadata } from '../kube/object-metadata.ts';
import { OutboundDoor } from '../net/outbound-door.ts';
import { readPolicy } from '../pipelines/read-policy.ts';
import { exponentialBackoff } from '../runtime/backoff.ts';
import { ByteBudgetCache } from '../runtime/byte-budget-cache.ts';
import { Controller, type ReconcileResult } from '../runtime/controller.ts';
import { KeyedQueue } from '../runtime/keyed-queue.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { SecretValue } from '../runtime/secret-value.ts';
import { WorkerLanes } from '../runtime/worker-lanes.ts';
import { describeBackend } from '../storage/backend-definition.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { StorageError } from '../storage/storage-error.ts';
import { TrustedRoots } from '../trust/trusted-roots.ts';
import type { ControllerContext } from './controller-context.ts';
import { hallmarkResource } from './hallmark-resource.ts';
import { makeContext } from './make-context.ts';
import { ModelApi } from './model-api.fixture.ts';
import { readRecord } from './provenance-record/read-record.ts';
import { summariseRecord } from './provenance-record/record-index.ts';
import { PolicyWitnesses } from './provenance-record/policy-witnesses.ts';
import { Retirements } from './provenance-record/retirements.ts';
import { RecordReconciler } from './provenance-record/record-reconciler.ts';
import { StoreAttempts } from './provenance-record/store-attempts.ts';
import type { Witnesses } from './provenance-record/witness-artifacts.ts';
import { RunReconciler } from './run/run-reconciler.ts';
import { PolicySigners } from './signing-policy/policy-signers.ts';
import { DriverPool } from './storage-backend/driver-pool.ts';

const WORKERS = 8;
const NAMESPACE = 'team-a';
const POLICY = { namespace: NAMESPACE, name: 'builds' };
const signal = new AbortController().signal;

export interface WorldOptions {
  readonly clock?: ManualClock;
  readonly api?: ModelApi;
  readonly sealKey?: SecretValue;
  readonly replaced?: ReadonlySet<string>;
}

/** What the models wait for before they answer; for nothing where a name is absent. */
export interface Waits {
  sign?: (policy: string) => Promise<void>;
  put?: (backend: string, namespace: string) => Promise<void>;
  get?: (backend: string) => Promise<void>;
  probe?: (backend: string) => Promise<void>;
}

/** The real run and record reconcilers on their queues; API server, signer, log and store are models that count what they do. */
export class ReconcilerWorld {
  readonly clock: ManualClock;
  readonly api: ModelApi;
  readonly context: ControllerContext;
  readonly attempts: StoreAttempts;
  readonly queues: Readonly<Record<'run' | 'record' | 'retirement', KeyedQueue>>;
  readonly results: ReconcileResult[] = [];
  readonly events: string[] = [];
  readonly caches = { run: new ByteBudgetCache<unknown>(1e6), record: new ByteBudgetCache<unknown>(1e6) };
  readonly #retirements: Retirements;
  signatures = 0;
  logEntries = 0;
  stored = 0;
  /** Happens in the store before it answers. */
  onPut: () => void = () => undefined;
  /** What reading from the store fails with. */
  readError: Error = new StorageError('BackendUnavailable', 'the store is read later');
  /** How long servers take: each step waits for what its name gives. */
  readonly waits: Waits = {};

  constructor(options: WorldOptions = {}) {
    const { clock = new ManualClock(), sealKey = new SecretValue(Buffer.alloc(32, 1)) } = options;
    this.clock = clock;
    this.api = options.api ?? new ModelApi(clock);
    this.context = this.#context(sealKey, options.replaced);
    const backoff = exponentialBackoff({ minMs: 1000, maxMs: 300_000, random: () => 0.5 });
    const queue = (): KeyedQueue => new KeyedQueue({ clock, backoff });
    this.attempts = new StoreAttempts(clock, backoff);
    this.queues = { run: queue(), record: queue(), retirement: queue() };
    const { context, caches } = this;
    const lanes = { run: this.#lanes('run'), record: this.#lanes('record') };
    const runs = new RunReconciler({ context, cache: caches.run, lanes: lanes.run, childrenDeadlineSeconds: 60 });
    const { attempts } = this;
    const records = new RecordReconciler(context, { attempts, lanes: lanes.record, cache: caches.record });
    this.#retirements = new Retirements({ context, queue: this.queues.retirement });
    this.#start('retirement', (key, signal) => this.#retirements.reconcile(key, signal));
    this.#start('run', (key, signal) => runs.reconcile(key, signal), lanes.run);
    this.#start('record', (key, signal) => records.reconcile(key, signal), lanes.record);
    context.runs.synced('TaskRun');
    context.runs.synced('PipelineRun');
  }

  /** Makes or edits the one policy of the namespace. */
  async setPolicy(spec: object = {}): Promise<void> {
    const { client } = this.api;
    const resource = hallmarkResource('SigningPolicy');
    const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
    const creationTimestamp = '2026-01-01T00:00:00Z';
    const object = { metadata: { ...POLICY, creationTimestamp }, spec: { signer, ...spec } };
    const isThere = (await client.find(resource, POLICY, { signal })) !== undefined;
    if (isThere) await client.replace(resource, object, { signal });
    else await client.create(resource, object, { signal });
    await this.learnPolicy();
  }

  /** Reads the policy, as its watch would deliver it. */
  async learnPolicy(): Promise<void> {
    const object = await this.api.client.find(hallmarkResource('SigningPolicy'), POLICY, { signal });
    const policy = readPolicy(object, 'hallmark-system');
    if (policy === undefined) throw new Error('the policy cannot be read');
    this.context.pipelines.setPolicy(policy);
  }

  async deletePolicy(): Promise<void> {
    await this.api.client.delete(hallmarkResource('SigningPolicy'), POLICY, { signal });
    this.context.pipelines.removePolicy({ kind: 'SigningPolicy', ...POLICY });
  }

  addStore(of: { readonly namespace?: string; readonly name?: string } = {}): void {
    const spec = effectiveStorageBackendSpec({ type: 'Tekton' });
    const { namespace = NAMESPACE, name = 'store' } = of;
    this.context.pipelines.setBackend({ kind: 'StorageBackend', namespace, name, uid: 'b', generation: 1, spec });
  }

  /** A TaskRun that has finished, in the API server and in memory. @returns its key */
  async addRun(name: string, completionTime: string, namespace = NAMESPACE): Promise<string> {
    const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: completionTime };
    const run = {
      metadata: { namespace, name, creationTimestamp: completionTime },
      spec: {},
      status: { startTime: completionTime, completionTime, conditions: [condition], taskSpec: { steps: [] } },
    };
    const resource = { group: 'tekton.dev', version: 'v1', plural: 'taskruns', kind: 'TaskRun', namespaced: true };
    const parse = (object: unknown): unknown => object;
    const made = await this.api.client.create({ ...resource, parse }, run, { signal });
    const uid = objectMetadata(made)?.uid ?? '';
    this.context.runs.set(`TaskRun/${namespace}/${name}`, uid);
    return `TaskRun/${namespace}/${name}/${uid}`;
  }

  get records(): readonly Readonly<Record<string, unknown>>[] {
    return this.api.objects('provenancerecords');
  }

  /** Has every record known that is there, as its watch would, and every run. */
  deliverRecords(): void {
    for (const object of this.records) {
      const read = readRecord(object, this.context.sealKey);
      if (read === undefined) continue;
      this.context.failingSeals.note(read);
      this.context.records.set(summariseRecord(read));
    }
    for (const key of this.runKeys()) {
      const [kind, namespace, name, uid = ''] = key.split('/');
      this.context.runs.set(`${kind}/${namespace}/${name}`, uid);
    }
  }

  /** The runs that are there. */
  runKeys(): readonly string[] {
    return this.api.objects('taskruns').flatMap((run) => {
      const metadata = objectMetadata(run);
      return metadata === undefined ? [] : [`TaskRun/${NAMESPACE}/${metadata.name}/${metadata.uid}`];
    });
  }

  /** Queues the run and lets its reconcile end. */
  async reconcileRun(key: string): Promise<void> {
    this.queues.run.add(key);
    await this.clock.settle();
  }

  /** Queues every record and lets the reconciles end. */
  async reconcileRecords(): Promise<void> {
    for (const { key } of this.context.records.all()) this.queues.record.add(key);
    await this.clock.settle();
  }

  #lanes(name: 'run' | 'record'): WorkerLanes {
    return new WorkerLanes({
      idleWorkers: () => WORKERS - this.queues[name].processing,
      isBusy: (key) => this.queues[name].isProcessing(key),
      wake: (key) => {
        this.queues[name].add(key);
      },
    });
  }

  #start(
    name: 'run' | 'record' | 'retirement',
    reconcile: ConstructorParameters<typeof Controller>[0]['reconcile'],
    lanes?: WorkerLanes,
  ): void {
    const controller = new Controller({
      ...{ name, reconcile, concurrency: WORKERS, queue: this.queues[name], clock: this.clock },
      onResult: (result) => {
        if (!result.waitsAgain && name !== 'retirement') this.caches[name].release(result.key);
        lanes?.ended(result.key, result.waitsAgain);
        this.results.push(result);
        const record = name === 'record' ? this.context.records.get(result.key) : undefined;
        // As the feed does when the watch delivers the record.
        if (record !== undefined) this.#retirements.plan(record);
      },
    });
    controller.start();
  }

  #context(sealKey: SecretValue, replaced: ReadonlySet<string> = new Set()): ControllerContext {
    const { clock, api } = this;
    const client = api.client;
    const objects = new KubeObjectReader({ client, clock });
    const tokens = new KubeTokenSource({ client, clock, destinations: [] });
    const access = { objects, tokens, clock, door: new OutboundDoor() };
    const nothing = (): void => undefined;
    return makeContext({
      ...{
        client,
        objects,
        clock,
        access,
        sealKey,
        sealing: { replaced },
        operatorNamespace: 'hallmark-system',
        isLeader: () => true,
      },
      events: { record: (_regarding, { reason, message }) => this.events.push(`${reason}: ${message}`) },
      keys: this.#signers(access),
      drivers: this.#drivers(access),
      witnesses: this.#witnesses(access),
      observer: {
        ...{ recordCreated: nothing, recordRejected: nothing, recordRetired: nothing, recordChanged: nothing },
        ...{ stored: nothing, witnessed: nothing, readBack: nothing },
      },
    });
  }

  #signers(access: ControllerContext['access']): PolicySigners {
    const signer = (policy: string) => ({
      keyID: 'SHA256:k',
      publicKey: 'PEM',
      sign: async () => {
        await this.waits.sign?.(policy);
        this.signatures += 1;
        const signature = Buffer.from(`signature ${this.signatures}`);
        return { signature, key: { $case: 'publicKey', publicKey: 'PEM' } as const };
      },
    });
    return new PolicySigners({ ...access, keylessAudience: 'sigstore' }, ({ description }) => ({
      signer: () => Promise.resolve(signer(description)),
      check: async () => {
        await this.waits.sign?.(description);
        return { retired: [] };
      },
      close: () => Promise.resolve(),
    }));
  }

  #drivers(access: ControllerContext['access']): DriverPool {
    const driver = (backend: string): StorageDriver => ({
      probe: async () => {
        await this.waits.probe?.(backend);
        return { ready: true };
      },
      put: async (_artifact, { namespace }) => {
        await this.waits.put?.(backend, namespace);
        this.stored += 1;
        this.onPut();
        return [{ uri: 'store://evidence' }];
      },
      get: async () => {
        await this.waits.get?.(backend);
        throw this.readError;
      },
      close: () => Promise.resolve(),
    });
    return new DriverPool({ ...access, annotator: new KubeRunAnnotator(this.api.client) }, (backend) =>
      driver(describeBackend(backend)),
    );
  }

  #witnesses(access: ControllerContext['access']): PolicyWitnesses {
    const logEntry = (): Awaited<ReturnType<Witnesses['logEntry']>> => {
      this.logEntries += 1;
      return { url: 'https://log.example', logIndex: String(this.logEntries), entry: '{}' };
    };
    class CountingWitnesses extends PolicyWitnesses {
      override of(policy: Parameters<PolicyWitnesses['of']>[0]): Witnesses {
        const { transparency } = policy.spec;
        const timestamps = (): ReturnType<Witnesses['timestamps']> => Promise.resolve([]);
        return { transparency, timestamps, logEntry: () => Promise.resolve(logEntry()) };
      }

      override problem(): Promise<undefined> {
        return Promise.resolve(undefined);
      }
    }
    return new CountingWitnesses({ access, roots: new TrustedRoots(access), logs: [] });
  }
}
