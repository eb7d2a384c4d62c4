// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import type { Controller } from '../../runtime/controller.ts';
import { inLanes } from '../../runtime/lanes/in-lanes.ts';
import { onBehalfOf } from '../../runtime/tenant.ts';
import { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import type { ControllerName, ControllerQueues } from '../wiring/controller-queues.ts';

/** The controllers that wait for servers which a tenant names. */
export type SharedController = Exclude<ControllerName, 'rescan' | 'resync' | 'retirement'>;

type Reconcile = ConstructorParameters<typeof Controller>[0]['reconcile'];

/** Policies whose signers are asked at the same time, backends that are probed, and records that are read back. */
const POLICIES = 32;
const PROBES = 64;
const READ_BACKS = 24;

/** The workers of each controller that waits for tenants' servers, and the lanes that share them (docs/decisions/0006). */
export class WorkerShares {
  /** How many keys each controller works on at once. */
  readonly workers: Readonly<Record<SharedController, number>>;
  readonly lanes: Readonly<Record<SharedController, WorkerLanes>>;
  readonly #queues: ControllerQueues;

  constructor(queues: ControllerQueues, { runs, records }: OperatorConfiguration['concurrency']) {
    this.#queues = queues;
    this.workers = {
      // One namespace holds half of those for runs at most, one backend a third of those for records: what the configuration asks for.
      run: 2 * runs,
      'provenance-record': 3 * records,
      verification: READ_BACKS,
      'signing-policy': POLICIES,
      'storage-backend': PROBES,
    };
    this.lanes = {
      run: this.#lanesOf('run'),
      'provenance-record': this.#lanesOf('provenance-record'),
      verification: this.#lanesOf('verification'),
      'signing-policy': this.#lanesOf('signing-policy'),
      'storage-backend': this.#lanesOf('storage-backend'),
    };
  }

  /** Gives each namespace its share of the workers, and the kinds of the whole cluster one. For keys `kind/namespace/name`. */
  byNamespace(name: SharedController, reconcile: Reconcile): Reconcile {
    return (key, signal) => {
      const [, namespace = ''] = key.split('/');
      const names = [{ name: `namespace ${namespace}`, perIdle: 1 }];
      return inLanes(this.lanes[name], { key, names }, () => reconcile(key, signal));
    };
  }

  /** Has what the work asks of servers, names among it, count for the namespace of its key. */
  forTenant(name: SharedController, reconcile: Reconcile): Reconcile {
    const isRecord = name === 'provenance-record' || name === 'verification';
    return (key, signal) => {
      // `namespace/name` or `kind/namespace/name`.
      const tenant = key.split('/')[isRecord ? 0 : 1] ?? '';
      return onBehalfOf(tenant, () => reconcile(key, signal));
    };
  }

  #lanesOf(name: SharedController): WorkerLanes {
    const queue = this.#queues[name];
    const lanes = new WorkerLanes({
      idleWorkers: () => this.workers[name] - queue.processing,
      wake: (key) => {
        queue.add(key);
      },
      isBusy: (key) => queue.isProcessing(key),
    });
    // A place that was kept for it would be kept for ever.
    queue.onRemoved((key) => {
      lanes.ended(key);
    });
    return lanes;
  }
}
