// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { GuardedRun } from '../memory/runs/guarded-runs.ts';
import { type GuardContext, gatherGuard } from './gather-guard.ts';
import { guardedRun } from './holds-of-run.ts';
import { planGuard } from './plan-guard.ts';

/** The pause before a finalizer is set again that another client removed, which may remove it again. */
const TAKEN_AWAY_MS = 10_000;

/** Enqueues the runs whose finalizer is to be set or removed, now or at a deadline. A run that no policy holds costs nothing. */
export class GuardObserver {
  readonly #context: GuardContext;
  readonly #queue: KeyedQueue<RunKey>;

  constructor(options: { readonly context: GuardContext; readonly queue: KeyedQueue<RunKey> }) {
    this.#context = options.context;
    this.#queue = options.queue;
  }

  /** A run is there, in this version. */
  delivered(summary: RunSummary): void {
    this.#take(guardedRun(this.#context, summary, this.#context.clock.now()));
    if (summary.kind === 'PipelineRun') this.#lookAtChildren(summary.uid);
  }

  /** A run is gone. */
  removed(key: RunKey): void {
    const { guardedRuns } = this.#context;
    if (guardedRuns.has(key)) {
      guardedRuns.forget(key);
      this.#queue.remove(key);
    }
    // A PipelineRun that was let go at its deadline is forgotten already, and its children are not.
    this.#lookAtChildren(parseRunKey(key).uid);
  }

  /** A record is there, in this version. */
  recordDelivered({ runKey, runUID }: RecordSummary): void {
    if (runKey !== undefined) this.#lookAgain(runKey);
    if (runUID !== undefined) this.#lookAtChildren(runUID);
  }

  /** A record is gone: if it retired, no policy selects its run any more. */
  recordRemoved({ runKey }: RecordSummary): void {
    if (runKey === undefined || !this.#context.guardedRuns.has(runKey)) return;
    this.#context.guardedRuns.setStale(runKey);
    this.#queue.add(runKey);
  }

  /** A namespace is there, and may be on its way out. */
  namespaceDelivered(namespace: string, isEnding: boolean): void {
    const { guardedRuns } = this.#context;
    const wasEnding = guardedRuns.isEnding(namespace);
    guardedRuns.setEnding(namespace, isEnding);
    if (wasEnding === isEnding) return;
    for (const key of guardedRuns.keys()) if (parseRunKey(key).namespace === namespace) this.#lookAgain(key);
  }

  #lookAtChildren(uid: string): void {
    for (const child of this.#context.guardedRuns.childrenOf(uid)) this.#lookAgain(child);
  }

  #lookAgain(key: RunKey): void {
    const run = this.#context.guardedRuns.get(key);
    if (run !== undefined) this.#take(run);
  }

  #take(run: GuardedRun): void {
    const { guardedRuns } = this.#context;
    const plan = planGuard(gatherGuard(this.#context, run));
    if (plan.action === 'Forget') {
      guardedRuns.forget(run.key);
      return;
    }
    const before = guardedRuns.get(run.key);
    guardedRuns.set(run);
    if (plan.action === 'Hold' && before?.finalizers.includes(DELETION_GUARD) === true)
      this.#queue.addAfter(run.key, TAKEN_AWAY_MS);
    else if (plan.action !== 'Keep' || plan.deadlineMs !== undefined) this.#queue.add(run.key);
  }
}
