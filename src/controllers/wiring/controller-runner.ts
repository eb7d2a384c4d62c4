// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { type AnyController, Controller, type ReconcileResult } from '../../runtime/queue/controller.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ControllerKeys, ControllerName } from '../shares/controller-queues.ts';
import type { SharedController } from '../shares/worker-shares.ts';
import { namespaceOf } from './admissions.ts';
import type { ControllerHost } from './controller-host.ts';
import type { ControllerParts } from './controller-parts.ts';
import { shardPart } from './shard-part.ts';
import type { ShardWork } from './shard-work.ts';

/** The workers of the controllers that wait for the API server alone. */
const ALONE = { 'policy-ceiling': 1, rescan: 1, resync: 1, retirement: 4 } as const;

export interface ControllerRunnerOptions {
  readonly parts: Pick<ControllerParts, 'admissions' | 'queues' | 'shares'>;
  readonly shards: Pick<ShardWork, 'add'>;
  readonly clock: Clock;
  readonly host: ControllerHost;
  readonly onResult: (result: ReconcileResult) => void;
  readonly onController: (controller: AnyController) => void;
}

/** Runs reconcilers as controllers: workers, queue, lanes, and the work of shards. */
export class ControllerRunner {
  readonly #options: ControllerRunnerOptions;

  constructor(options: ControllerRunnerOptions) {
    this.#options = options;
  }

  /** Runs a controller whose keys share the workers in lanes. */
  runShared<Name extends SharedController>(
    name: Name,
    reconciler: Reconciler<ControllerKeys[Name]>,
    onEnded?: (result: ReconcileResult<ControllerKeys[Name]>) => void,
  ): void {
    const { shares, admissions } = this.#options.parts;
    const lanes = shares.lanes[name];
    this.#run(name, {
      concurrency: shares.workers[name],
      reconciler: shares.forTenant(name, reconciler),
      lanes,
      onEnded: (result) => {
        // A key of another replica is not woken any more: its place would be kept for ever.
        if (admissions[name](result.key)) lanes.ended(result.key, result.waitsAgain);
        else lanes.remove(result.key);
        onEnded?.(result);
      },
    });
  }

  /** Runs a controller that waits for the API server alone. */
  runAlone<Name extends keyof typeof ALONE>(name: Name, reconciler: Reconciler<ControllerKeys[Name]>): void {
    this.#run(name, { concurrency: ALONE[name], reconciler });
  }

  #run<Name extends ControllerName>(
    name: Name,
    options: {
      readonly concurrency: number;
      readonly reconciler: Reconciler<ControllerKeys[Name]>;
      readonly lanes?: WorkerLanes<ControllerKeys[Name]>;
      readonly onEnded?: (result: ReconcileResult<ControllerKeys[Name]>) => void;
    },
  ): void {
    const { parts, shards, clock, host, onResult, onController } = this.#options;
    const { concurrency, reconciler, lanes, onEnded } = options;
    const controller = new Controller<ControllerKeys[Name]>({
      name,
      concurrency,
      reconcile: (key, signal) => reconciler.reconcile(key, signal),
      queue: parts.queues[name],
      clock,
      onResult: (result) => {
        onEnded?.(result);
        onResult(result);
      },
    });
    const admits = parts.admissions[name];
    shards.add(shardPart({ controller, namespaceOf: namespaceOf[name], admits, lanes }));
    onController(controller);
    host.run(controller);
  }
}
