// SPDX-License-Identifier: Apache-2.0
import type { ReconcileResult } from '../runtime/queue/controller.ts';
import type { BackendDefinition } from '../storage/backend-definition.ts';
import { happen } from './happen.ts';
import { IdleWatch } from './idle-watch.ts';
import { type Books, type Debt, debts } from './ledger.ts';
import { dateAt, type Life } from './life.ts';
import { GuardWatch } from './guard-watch.ts';
import {
  backendKind,
  backendManifest,
  plurals,
  policyKind,
  policyManifest,
  runEnd,
  runManifest,
  metadataOf,
} from './manifests.ts';
import { ModelApiServer } from './model/api-server.ts';
import { isDeleting, ModelCluster } from './model/cluster.ts';
import { ModelSigner } from './model/signer.ts';
import { ModelStore } from './model/store.ts';
import { DeletionWatch } from './deletion-watch.ts';
import { ReplicaSet } from './replica-set.ts';
import { RecordWatch } from './record-watch.ts';
import { SeededRandom } from '../runtime/seeded-random.fixture.ts';
import { VirtualTime } from './virtual-time.ts';
import type { BackendPlan, Incident, PolicyPlan, RunPlan, WorldPlan } from './world-plan.ts';

/** The outcome of a world. */
export interface WorldResult {
  readonly plan: WorldPlan;
  /** Empty when every rule held. */
  readonly faults: readonly string[];
  /** All events, in order. */
  readonly trace: () => readonly string[];
  readonly virtualMs: number;
  readonly lives: number;
  readonly looks: number;
}

const LOOK_MS = 1_000;
/** The most reconciles that may end at one instant. Each key may have a few; more mean a livelock. */
const MAX_LOOKS_AN_INSTANT = 1_500;
const CALM = { maxDelayMs: 5, failing: 0, losingAnswers: 0, killing: 0 };

/** One world: a cluster, stores, signers, and one or more lives of the operator. */
export class World {
  readonly #plan: WorldPlan;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #cluster: ModelCluster;
  readonly #api: ModelApiServer;
  readonly #stores = new Map<string, ModelStore>();
  readonly #signers = new Map<string, ModelSigner>();
  readonly #faults: string[] = [];
  readonly #trace: (() => string)[] = [];
  readonly #idle: IdleWatch;
  readonly #records: RecordWatch;
  readonly #deletions: DeletionWatch;
  #replicas: ReplicaSet | undefined;
  #looks = 0;
  #isDone = false;
  #instant = { nowMs: 0, looks: 0 };

  constructor(plan: WorldPlan) {
    this.#plan = plan;
    this.#random = new SeededRandom(plan.seed ^ 0x5eed);
    this.#time = new VirtualTime((how) => {
      this.#fault(`the event loop is blocked: ${how}`);
      this.#replicas?.killAll();
    });
    const time = this.#time;
    this.#cluster = new ModelCluster(() =>
      dateAt(time.nowMs)
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    );
    const kill = (life: Life): void => {
      this.#replicas?.killLife(life, 'during a request');
    };
    const isHealed = (): boolean => time.nowMs >= plan.healedMs;
    const { api, store, signer } = plan.faults;
    this.#api = new ModelApiServer({
      cluster: this.#cluster,
      time,
      random: this.#random.fork(),
      faults: () => (isHealed() ? { ...CALM, maxLagMs: api.maxLagMs } : api),
      kill,
      onDelivered: (life, event) => {
        this.#deletions.delivered(life, event);
      },
    });
    for (const backend of plan.backends.filter(({ type }) => type === 'GCS')) {
      const faults = (): typeof store => (isHealed() ? CALM : store);
      const modelStore = new ModelStore({ name: storeKey(backend), time, random: this.#random.fork(), faults, kill });
      this.#stores.set(storeKey(backend), modelStore);
    }
    for (const policy of plan.policies) {
      const faults = (): typeof signer => (isHealed() ? CALM : signer);
      this.#signers.set(policyName(policy), new ModelSigner({ time, random: this.#random.fork(), faults }));
    }
    this.#records = new RecordWatch(plan, (what) => {
      this.#fault(what);
    });
    this.#records.follow(this.#cluster);
    const guards = new GuardWatch(plan, (what) => {
      this.#fault(what);
    });
    guards.follow(this.#cluster);
    this.#deletions = new DeletionWatch(plan);
    this.#idle = new IdleWatch(plan);
  }

  /** Plays the world to its end. */
  async play(): Promise<WorldResult> {
    this.#createObjects();
    for (const incident of this.#plan.incidents) {
      this.#time.after(incident.atMs, () => {
        this.#happen(incident);
      });
    }
    this.#replicas = this.#begin();
    this.#look();
    const { healedMs, patienceMs } = this.#plan;
    await this.#time.run(healedMs + patienceMs, () => this.#isDone || this.#faults.length > 0);
    if (!this.#isDone && this.#faults.length === 0) this.#reportDebts();
    this.#replicas.killAll();
    return {
      plan: this.#plan,
      faults: this.#faults,
      trace: () => this.#trace.map((line) => line()),
      virtualMs: this.#time.nowMs,
      lives: this.#replicas.lives,
      looks: this.#looks,
    };
  }

  get #books(): Books {
    const store = (kind: string, namespace: string, name: string): ModelStore | undefined =>
      this.#stores.get(`${kind}/${namespace}/${name}`);
    return { plan: this.#plan, cluster: this.#cluster, store };
  }

  /** Creates the initial objects, and schedules when runs finish and are deleted. */
  #createObjects(): void {
    const { namespaces, policies, backends, runs } = this.#plan;
    for (const name of namespaces)
      this.#cluster.create(plurals.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    for (const backend of backends) this.#cluster.create(plurals[backendKind(backend)], backendManifest(backend));
    for (const policy of policies) this.#cluster.create(plurals[policyKind(policy)], policyManifest(policy));
    for (const run of runs) this.#createRun(run);
  }

  #createRun(run: RunPlan): void {
    const { startedMs, finishedMs, deletedMs } = run;
    if (startedMs !== undefined) {
      this.#time.after(startedMs, () => {
        this.#note(`run ${run.namespace}/${run.name} starts`);
        this.#cluster.create(plurals.TaskRun, runManifest(run));
      });
    }
    if (finishedMs === 0) this.#finish(run);
    else {
      this.#time.after(finishedMs, () => {
        this.#finish(run);
      });
    }
    if (deletedMs === undefined) return;
    this.#time.after(deletedMs, () => {
      if (this.#cluster.get(plurals.TaskRun, run) === undefined) return;
      this.#note(`run ${run.namespace}/${run.name} is deleted`);
      this.#cluster.delete(plurals.TaskRun, run);
    });
  }

  /** Tekton does not finish a run that is being deleted. */
  #finish(run: RunPlan): void {
    this.#note(`run ${run.namespace}/${run.name} finishes`);
    const end = runEnd(run, this.#time.nowMs);
    const started = this.#cluster.get(plurals.TaskRun, run);
    if (run.startedMs === undefined) this.#cluster.create(plurals.TaskRun, { ...runManifest(run), ...end });
    else if (started !== undefined && !isDeleting(started))
      this.#cluster.update(plurals.TaskRun, 'Status', { metadata: metadataOf(run), ...end });
  }

  #begin(): ReplicaSet {
    return new ReplicaSet({
      count: this.#plan.replicas,
      time: this.#time,
      random: () => this.#random.fork(),
      settings: this.#plan.settings,
      api: this.#api,
      driver: (backend, life) => this.#storeOf(backend).driver(life),
      signingSource: ({ description }, life) => this.#signerOf(description).source(life),
      onResult: (result) => {
        this.#noteResult(result);
      },
      onDefect: (what) => {
        this.#fault(what);
      },
      note: (text) => {
        this.#note(text);
      },
      onFault: (text) => {
        this.#fault(text);
      },
    });
  }

  #happen(incident: Incident): void {
    this.#note(JSON.stringify(incident));
    happen(incident, {
      cluster: this.#cluster,
      api: this.#api,
      store: (backend) => required(this.#stores, storeKey(backend)),
      signer: (policy) => required(this.#signers, policyName(policy)),
      kill: (replica) => {
        this.#replicas?.kill(replica, 'from outside');
      },
      restart: (replica, graceSeconds) => {
        this.#replicas?.restart(replica, graceSeconds);
      },
      pause: (replica, ms) => {
        this.#replicas?.pause(replica, ms);
      },
      cutOff: (replica, ms) => {
        this.#replicas?.withLife(replica, (life) => {
          this.#api.cutOff(life, ms);
        });
      },
      rollOut: (graceSeconds) => {
        this.#replicas?.rollOut(graceSeconds);
      },
    });
  }

  /** Inspects the world once a second, and ends it when no work is owed and no incident is left. */
  #look(): void {
    const { nowMs } = this.#time;
    const { incidents, runs, healedMs } = this.#plan;
    const owed = this.#debts();
    const operators = this.#replicas?.alive ?? [];
    this.#checkHolders();
    for (const fault of this.#idle.look({
      nowMs,
      operators,
      owed,
      cluster: this.#cluster,
      stores: this.#stores.values(),
    }))
      this.#fault(fault);
    const times = [
      ...incidents.map(({ atMs }) => atMs),
      ...runs.flatMap(({ finishedMs, deletedMs = 0 }) => [finishedMs, deletedMs]),
    ];
    const isQuiet = nowMs > Math.max(0, ...times) + LOOK_MS || nowMs >= healedMs;
    if (isQuiet && owed.length === 0 && operators.some(({ isWorking }) => isWorking)) this.#isDone = true;
    else
      this.#time.after(LOOK_MS, () => {
        this.#look();
      });
  }

  #debts(): readonly Debt[] {
    const holderOf = (namespace: string): Life | undefined =>
      this.#replicas?.alive.find((operator) => operator.owns(namespace))?.life;
    return [...debts(this.#books), ...this.#deletions.debts(holderOf, (key) => this.#records.wasMade(key))];
  }

  /** No namespace has two replicas that may write for it. */
  #checkHolders(): void {
    if (this.#plan.replicas === 1) return;
    for (const namespace of ['', ...this.#plan.namespaces]) {
      const holders = this.#replicas?.alive.filter((operator) => operator.holds(namespace)) ?? [];
      if (holders.length > 1) this.#fault(`${holders.length} replicas hold the shard of "${namespace}"`);
    }
  }

  #reportDebts(): void {
    for (const { what } of this.#debts())
      this.#fault(`still owed ${this.#plan.patienceMs / 60_000} min after the last trouble: ${what()}`);
    if (this.#faults.length === 0) this.#fault('the operator did not come to work');
  }

  #noteResult({ controller, key, kind, error, retryAfterMs, waitsAgain }: ReconcileResult): void {
    this.#looks += 1;
    this.#checkHolders();
    this.#countInstant();
    this.#note(() => {
      const more = error instanceof Error ? ` ${error.message}` : '';
      const next = retryAfterMs === undefined ? (waitsAgain ? ', waits again' : '') : `, again in ${retryAfterMs} ms`;
      return `${controller} ${key}: ${kind}${more}${next}`;
    });
    if (error instanceof TypeError || error instanceof RangeError)
      this.#fault(`${controller} ${key}: ${error.stack ?? ''}`);
  }

  #countInstant(): void {
    const { nowMs } = this.#time;
    this.#instant = nowMs === this.#instant.nowMs ? { nowMs, looks: this.#instant.looks + 1 } : { nowMs, looks: 1 };
    if (this.#instant.looks !== MAX_LOOKS_AN_INSTANT) return;
    this.#fault(`the event loop is blocked: ${MAX_LOOKS_AN_INSTANT} reconciles at one instant`);
    this.#replicas?.killAll();
  }

  /** Formats the line only when the trace is read. */
  #note(text: string | (() => string)): void {
    const { nowMs } = this.#time;
    this.#trace.push(() => `${(nowMs / 1000).toFixed(3)} ${typeof text === 'string' ? text : text()}`);
  }

  #fault(text: string): void {
    this.#note(`FAULT ${text}`);
    this.#faults.push(text);
  }

  #storeOf({ kind, namespace, name }: BackendDefinition): ModelStore {
    return required(this.#stores, `${kind}/${kind === 'StorageBackend' ? namespace : ''}/${name}`);
  }

  #signerOf(description: string): ModelSigner {
    return required(this.#signers, description);
  }
}

function required<T>(map: ReadonlyMap<string, T>, key: string): T {
  const value = map.get(key);
  if (value === undefined) throw new RangeError(`the world has no ${key}`);
  return value;
}

function storeKey(backend: BackendPlan): string {
  return `${backendKind(backend)}/${backend.namespace}/${backend.name}`;
}

/** Names the policy as the operator's messages do. */
function policyName(policy: PolicyPlan): string {
  const { namespace, name } = policy;
  return `${policyKind(policy)} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
