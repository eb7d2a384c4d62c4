// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isConflict, isNotFound } from '../../kube/kube-error.ts';
import { metadataOnly, parseObjectKey } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { objectField, stringField } from '../../json/fields.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import { runApiVersion } from '../../tekton/run-identity.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { GuardedRun, Hold } from '../memory/runs/guarded-runs.ts';
import { type GuardContext, gatherGuard } from './gather-guard.ts';
import { guardedRun } from './holds-of-run.ts';
import { planGuard } from './plan-guard.ts';

/** The wait after another client changed a run at the same time. */
const CONFLICT_SECONDS = 0.2;

type ReconcilerContext = GuardContext & Pick<ControllerContext, 'client' | 'events' | 'fence'>;

/** Sets and removes the finalizer of one run. */
export class GuardReconciler implements Reconciler<RunKey> {
  readonly #context: ReconcilerContext;

  constructor({ context }: { readonly context: ReconcilerContext }) {
    this.#context = context;
  }

  async reconcile(key: RunKey, signal: AbortSignal): Promise<Outcome> {
    const { guardedRuns } = this.#context;
    if (!guardedRuns.has(key)) return DONE;
    const run = guardedRuns.get(key) ?? (await this.#read(key, signal));
    if (run === undefined) return DONE;
    try {
      return await this.#act(run, signal);
    } catch (error) {
      if (isNotFound(error)) {
        guardedRuns.forget(key);
        return DONE;
      }
      // Whatever failed, the run may have changed.
      guardedRuns.setStale(key);
      if (!isConflict(error)) throw error;
      return { requeueAfterSeconds: CONFLICT_SECONDS };
    }
  }

  async #act(run: GuardedRun, signal: AbortSignal): Promise<Outcome> {
    const plan = planGuard(gatherGuard(this.#context, run));
    const { finalizers } = run;
    switch (plan.action) {
      case 'Forget':
        this.#context.guardedRuns.forget(run.key);
        return DONE;
      case 'Keep':
        return this.#until(plan.deadlineMs);
      case 'Hold':
        await this.#write(run, [...finalizers, DELETION_GUARD], signal);
        return DONE;
      case 'Release':
        await this.#write(run, without(finalizers), signal);
        if (plan.unstored.length > 0) this.#report(run, plan.unstored);
        return DONE;
    }
  }

  #until(deadlineMs: number | undefined): Outcome {
    if (deadlineMs === undefined) return DONE;
    return { requeueAfterSeconds: Math.max(0, deadlineMs - this.#context.clock.now().getTime()) / 1000 };
  }

  /** Replaces the finalizers of exactly this version of the run, so that those of others stay. */
  async #write(run: GuardedRun, finalizers: readonly string[], signal: AbortSignal): Promise<void> {
    const { client, fence, guardedRuns } = this.#context;
    const { kind, namespace, name, uid } = parseRunKey(run.key);
    fence(namespace);
    const resource = metadataOnly(runResources[kind], (object) => objectField(object, 'metadata'));
    const metadata = { namespace, name, uid, resourceVersion: run.resourceVersion, finalizers };
    const written = await client.mergePatch(resource, { metadata }, { signal });
    const resourceVersion = stringField(written, 'resourceVersion');
    // The watch may have delivered this version, or the end of the run, before the answer came.
    if (guardedRuns.get(run.key) !== run || resourceVersion === undefined) return;
    const isHeld = finalizers.includes(DELETION_GUARD);
    if (isHeld) guardedRuns.set({ ...run, resourceVersion, finalizers });
    else guardedRuns.forget(run.key);
  }

  async #read(key: RunKey, signal: AbortSignal): Promise<GuardedRun | undefined> {
    const { client, clock, guardedRuns } = this.#context;
    const { kind, namespace, name, uid } = parseRunKey(key);
    const summary = summariseRun(await client.find(runResources[kind], { namespace, name }, { signal }));
    // The watch may have delivered its deletion before the answer came.
    if (!guardedRuns.has(key)) return undefined;
    if (summary?.uid !== uid) {
      guardedRuns.forget(key);
      return undefined;
    }
    const run = guardedRun(this.#context, summary, clock.now());
    guardedRuns.set(run);
    return run;
  }

  #report(run: GuardedRun, unstored: readonly Hold[]): void {
    const { events, records } = this.#context;
    const { kind, namespace, name, uid } = parseRunKey(run.key);
    const states = unstored.map(({ record, timeoutSeconds }) => {
      const reason = records.get(record)?.reason ?? 'there is none';
      return `ProvenanceRecord ${parseObjectKey(record).name} (${reason}) after ${timeoutSeconds} s`;
    });
    const message = `the deletion guard lets this run go before it is stored: ${states.join(', ')}`;
    const regarding = { apiVersion: runApiVersion, kind, namespace, name, uid };
    events.record(regarding, { type: 'Warning', reason: reasons.RunDeleted, message });
  }
}

function without(finalizers: readonly string[]): readonly string[] {
  return finalizers.filter((name) => name !== DELETION_GUARD);
}
