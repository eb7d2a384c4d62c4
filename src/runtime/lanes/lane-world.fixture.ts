// SPDX-License-Identifier: Apache-2.0
import { exponentialBackoff } from '../queue/backoff.ts';
import { Controller, type ReconcileResult } from '../queue/controller.ts';
import { inLanes } from './in-lanes.ts';
import { KeyedQueue } from '../queue/keyed-queue.ts';
import { LaneKey } from './lane-key.fixture.ts';
import { type LanePlan, namespaceLane, planLanes, serverLane, type ServerPlan } from './lane-plan.fixture.ts';
import { LaneWatch } from './lane-watch.fixture.ts';
import { LeapingClock } from './leaping-clock.fixture.ts';
import { DEFERRED, DONE, type Outcome } from '../queue/outcome.ts';
import { SeededRandom } from '../seeded-random.fixture.ts';
import { WorkerLanes } from './worker-lanes.ts';

/** Every world has ended by then: troubles last for seconds, and sixty calls of half a minute are made one after the other at most. */
const LIMIT_MS = 3_600_000;
/** A record that waits for its turn alone says so after a while. */
const QUIET_SECONDS = 45;
const SHORT_SECONDS = 0.5;
/** So often the world is looked at from outside. */
const LOOK_MS = 250;

/** Keys that share the workers of one controller as records and runs do: the real queue, lanes and controller. */
class LaneWorld {
  readonly #plan: LanePlan;
  readonly #random: SeededRandom;
  readonly #watch: LaneWatch;
  readonly #clock: LeapingClock;
  readonly #queue: KeyedQueue;
  readonly #lanes: WorkerLanes;
  readonly #keys: ReadonlyMap<string, LaneKey>;
  #lookedMs = 0;

  constructor(plan: LanePlan) {
    this.#plan = plan;
    this.#random = new SeededRandom(plan.seed + 0x10000000);
    this.#watch = new LaneWatch(plan);
    this.#keys = new Map(plan.keys.map((each) => [each.key, new LaneKey(each)]));
    const clock = new LeapingClock(() => {
      this.#watch.turnEnded();
    });
    const backoff = exponentialBackoff({ minMs: 100, maxMs: 2000, random: this.#random.next });
    const queue = new KeyedQueue({ clock, backoff });
    this.#clock = clock;
    this.#queue = queue;
    // The same as in WorkerShares.
    const lanes = new WorkerLanes({
      idleWorkers: () => plan.workers - queue.processing,
      wake: (key) => {
        queue.add(key);
      },
      isBusy: (key) => queue.isProcessing(key),
    });
    queue.onRemoved((key) => {
      lanes.ended(key);
    });
    this.#lanes = lanes;
    const onResult = ({ key, waitsAgain }: ReconcileResult): void => {
      lanes.ended(key, waitsAgain);
    };
    const reconcile = (key: string): Promise<Outcome> => this.#reconcile(key);
    new Controller({ name: 'fuzz', concurrency: plan.workers, reconcile, queue, clock, onResult }).start();
  }

  /** @returns what went wrong */
  async play(): Promise<readonly string[]> {
    for (const { atMs, kind, key } of this.#plan.happenings)
      this.#clock.after(atMs, () => {
        this.#happen(kind, key);
      });
    const how = await this.#clock.run(LIMIT_MS, (toMs) => this.#beforeLeap(toMs));
    const open = [...this.#keys.values()].filter(({ isGone, isFinished }) => !isGone && !isFinished);
    this.#watch.unfinished(
      how,
      open.map(({ plan }) => plan.key),
    );
    this.#queue.close();
    return this.#watch.faults;
  }

  #happen(kind: LanePlan['happenings'][number]['kind'], key: string): void {
    const state = this.#keys.get(key);
    if (state === undefined) return;
    if (kind === 'Remove') {
      state.isGone = true;
      this.#queue.remove(key);
      return;
    }
    state.isAdded = true;
    if (kind === 'Add') this.#queue.add(key);
    else this.#queue.addIdle(key);
  }

  /** @returns whether the world is over */
  #beforeLeap(toMs: number): boolean {
    this.#watch.instantEnded();
    if (toMs - this.#lookedMs >= LOOK_MS) this.#lookForIdleness(toMs);
    return this.#watch.faults.length > 0;
  }

  #lookForIdleness(toMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const queue = this.#queue;
    this.#lookedMs = nowMs;
    const waiting = [...this.#keys.values()]
      .filter(({ isGone, isAdded, isFinished }) => isAdded && !isGone && !isFinished)
      // One that failed waits for its time.
      .filter(({ plan: { key } }) => !queue.isProcessing(key) && queue.failures(key) === 0)
      .map((state) => ({ key: state.plan.key, servers: state.wants(nowMs) }));
    this.#watch.look({ nowMs, toMs, idle: this.#plan.workers - queue.processing }, waiting);
  }

  async #reconcile(key: string): Promise<Outcome> {
    this.#clock.step();
    this.#watch.began(key);
    const state = this.#keys.get(key);
    // A circle has to end for its world to be left.
    if (state === undefined || state.isGone || this.#watch.faults.length > 0) return DONE;
    if (this.#random.chance(this.#plan.readsPercent / 100)) await this.#clock.sleep(1);
    const outcome = this.#plan.shape === 'Record' ? await this.#record(state) : await this.#run(state);
    if (this.#random.chance(this.#plan.throwsPercent / 100)) throw new Error('a conflict, say');
    return outcome;
  }

  /** Like RunReconciler: the lane of its namespace, then at once those of its policies. */
  #run(state: LaneKey): Promise<Outcome> {
    const { key, namespace } = state.plan;
    const names = [namespaceLane(this.#plan, namespace)];
    return inLanes(this.#lanes, { key, names }, async () => {
      const due = state.due(this.#clock.monotonicMs());
      const deferred = await this.#storeAll(state, due);
      const isFailed = due.length - deferred.length > due.filter((backend) => state.isStored(backend)).length;
      if (isFailed) throw new Error('a policy failed');
      if (deferred.length > 0) return DEFERRED;
      return this.#next(state, []);
    });
  }

  /** Like RecordReconciler: the needs of a record decide which lanes it enters. */
  async #record(state: LaneKey): Promise<Outcome> {
    const { key, namespace, signer, findsSigner } = state.plan;
    if (state.isSigned || signer === undefined || !findsSigner) return this.#decide(state);
    const leave = this.#lanes.enter([namespaceLane(this.#plan, namespace), serverLane(signer, namespace)], key);
    if (leave === undefined) return DEFERRED;
    this.#watch.entered(signer);
    const leaveSigner = once(() => {
      leave();
      this.#watch.left(signer);
    });
    try {
      await this.#clock.sleep(this.#random.between(0, 4));
      return await this.#decide(state, leaveSigner);
    } finally {
      leaveSigner();
    }
  }

  async #decide(state: LaneKey, leaveSigner?: () => void): Promise<Outcome> {
    const { key, namespace, signer } = state.plan;
    if (state.isSigned && state.due(this.#clock.monotonicMs()).length === 0) return this.#next(state, []);
    const names = [namespaceLane(this.#plan, namespace)];
    return inLanes(this.#lanes, { key, names }, async () => {
      if (!state.isSigned && signer !== undefined && !(await this.#sign(state, signer))) return DEFERRED;
      leaveSigner?.();
      const due = state.due(this.#clock.monotonicMs());
      const deferred = await this.#storeAll(state, due);
      if (deferred.length < due.length) await this.#written(key);
      return this.#next(state, deferred);
    });
  }

  /** @returns whether the signer had room; it throws when it failed */
  async #sign(state: LaneKey, signer: ServerPlan): Promise<boolean> {
    const result = await this.#inLane(signer, state.plan);
    if (result === 'Failed') throw new Error('the signer failed');
    if (result === 'Done') state.isSigned = true;
    return result === 'Done';
  }

  /** @returns the backends that have enough to do already */
  async #storeAll(state: LaneKey, backends: readonly ServerPlan[]): Promise<readonly ServerPlan[]> {
    const deferred: ServerPlan[] = [];
    await Promise.all(
      backends.map(async (backend) => {
        const result = await this.#inLane(backend, state.plan);
        if (result === undefined) deferred.push(backend);
        else if (result === 'Done') state.stored(backend);
        else state.failed(backend, this.#clock.monotonicMs());
      }),
    );
    return deferred;
  }

  /** @returns how the call went; undefined when there is no room */
  async #inLane(server: ServerPlan, { key, namespace }: LaneKey['plan']): Promise<'Done' | 'Failed' | undefined> {
    const leave = this.#lanes.enter([serverLane(server, namespace)], key);
    if (leave === undefined) return undefined;
    this.#watch.entered(server);
    try {
      const { callMs, trouble } = server;
      const isTroubled = this.#clock.monotonicMs() < trouble.untilMs;
      await this.#clock.sleep((isTroubled ? trouble.callMs : callMs) * (0.5 + this.#random.next()));
      return isTroubled && trouble.fails ? 'Failed' : 'Done';
    } finally {
      leave();
      this.#watch.left(server);
    }
  }

  /** The status was written, and the watch delivers it. */
  async #written(key: string): Promise<void> {
    await this.#clock.sleep(this.#random.between(1, 8));
    this.#clock.after(this.#random.between(0, 20), () => {
      this.#happen('Add', key);
    });
  }

  #next(state: LaneKey, deferred: readonly ServerPlan[]): Outcome {
    if (state.isFinished) return DONE;
    const turn = deferred.length > 0 ? { waitsForTurn: true as const } : {};
    const waits = [state.secondsUntilDue(this.#clock.monotonicMs(), deferred)].filter((each) => each !== undefined);
    const quiet = deferred.length > 0 ? [QUIET_SECONDS] : [];
    return { ...turn, requeueAfterSeconds: Math.max(SHORT_SECONDS, Math.min(...waits, ...quiet)) };
  }
}

/** Plays worlds from one seed on until one goes wrong. @returns what went wrong, with the seed; empty when nothing did */
export async function playLaneWorlds(firstSeed: number, worlds: number): Promise<string> {
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
    const [fault] = await new LaneWorld(planLanes(seed)).play();
    if (fault !== undefined) return `seed ${seed}: ${fault}`;
  }
  return '';
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
