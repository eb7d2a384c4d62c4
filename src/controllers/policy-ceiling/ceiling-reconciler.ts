// SPDX-License-Identifier: Apache-2.0
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { readCeiling } from '../../pipelines/ceilings/read-ceiling.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import { storedConditions, writeStatus } from '../write-status.ts';
import { ceilingConditions } from './ceiling-conditions.ts';

/** The watch delivers the version that the status write conflicted with within this time. */
const CONFLICT_SECONDS = 1;

export interface CeilingReconcilerOptions {
  readonly context: Pick<ControllerContext, 'client' | 'clock' | 'fence' | 'statusLine' | 'pipelines'> & {
    readonly shards: Pick<ControllerContext['shards'], 'owns'>;
  };
  /** The ceilings as the watch delivered them, by name. */
  readonly objects: ObjectStore<string>;
}

/** Reports in its status what a ceiling bounds. Every replica obeys it, and one reports. */
export class CeilingReconciler implements Reconciler<string> {
  readonly #options: CeilingReconcilerOptions;

  constructor(options: CeilingReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const { context, objects } = this.#options;
    const object = objects.get(name);
    const ceiling = object === undefined ? undefined : readCeiling(object);
    if (ceiling === undefined || !context.shards.owns('')) return DONE;
    const conditions = setConditions(storedConditions(object), ceilingConditions(ceiling), context.clock.now());
    const observed = context.pipelines.bounds.observed(name, context.pipelines.namespaces);
    const status = { observedGeneration: ceiling.generation, conditions, observed };
    const isWritten = await writeStatus(context, hallmarkResource('PolicyCeiling'), { object, status }, signal);
    return isWritten ? DONE : { requeueAfterSeconds: CONFLICT_SECONDS };
  }
}
