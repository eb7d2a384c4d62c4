// SPDX-License-Identifier: Apache-2.0
import type { OperatorConfiguration } from '../../config/operator-configuration.ts';
import { parseBackendKey } from '../../pipelines/backend-key.ts';
import { parsePolicyKey } from '../../pipelines/policy-key.ts';
import { inLanes } from '../../runtime/lanes/in-lanes.ts';
import { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import { onBehalfOf } from '../../runtime/tenant.ts';
import { parseChildNoteKey } from '../child-notes/child-note-key.ts';
import { parseRunKey } from '../../tekton/run-key.ts';
import type { ControllerKeys, ControllerName, ControllerQueues } from './controller-queues.ts';
import { namespaceOfRecord } from '../../records/record-key.ts';

/** The controllers that wait for servers which a tenant names, and those that write as often as a tenant's runs change. */
export type SharedController = Exclude<ControllerName, 'policy-ceiling' | 'rescan' | 'resync' | 'retirement'>;

/** Concurrent checks of policies' signers, probes of backends, and read-backs of records. */
const POLICIES = 32;
const PROBES = 64;
const READ_BACKS = 24;
/** Concurrent writes of finalizers. */
const GUARDS = 16;
/** Concurrent writes of notes about children. */
const NOTES = 8;

/** The namespace that a key belongs to; empty for the cluster kinds. */
const tenantOf: { readonly [Name in SharedController]: (key: ControllerKeys[Name]) => string } = {
  run: (key) => parseRunKey(key).namespace,
  'deletion-guard': (key) => parseRunKey(key).namespace,
  'child-notes': (key) => parseChildNoteKey(key).namespace,
  'provenance-record': namespaceOfRecord,
  verification: namespaceOfRecord,
  'signing-policy': (key) => parsePolicyKey(key).namespace,
  'storage-backend': (key) => parseBackendKey(key).namespace,
};

/** The workers of each controller that waits for tenants' servers, and the lanes that share them (docs/decisions/0006). */
export class WorkerShares {
  /** Concurrent reconciles of each controller. */
  readonly workers: Readonly<Record<SharedController, number>>;
  readonly lanes: { readonly [Name in SharedController]: WorkerLanes<ControllerKeys[Name]> };
  readonly #queues: ControllerQueues;

  constructor(queues: ControllerQueues, { runs, records }: OperatorConfiguration['concurrency']) {
    this.#queues = queues;
    this.workers = {
      // A namespace gets at most half of the workers for runs, a backend a third of those for records: the configured numbers.
      run: 2 * runs,
      'provenance-record': 3 * records,
      verification: READ_BACKS,
      'signing-policy': POLICIES,
      'storage-backend': PROBES,
      'deletion-guard': GUARDS,
      'child-notes': NOTES,
    };
    this.lanes = {
      run: this.#lanesOf('run'),
      'provenance-record': this.#lanesOf('provenance-record'),
      verification: this.#lanesOf('verification'),
      'signing-policy': this.#lanesOf('signing-policy'),
      'storage-backend': this.#lanesOf('storage-backend'),
      'deletion-guard': this.#lanesOf('deletion-guard'),
      'child-notes': this.#lanesOf('child-notes'),
    };
  }

  /** Gives each namespace its share of the workers, and all objects of a cluster kind together one share. */
  byNamespace<Name extends SharedController>(
    name: Name,
    reconciler: Reconciler<ControllerKeys[Name]>,
  ): Reconciler<ControllerKeys[Name]> {
    return {
      reconcile: (key, signal) => {
        const names = [{ name: `namespace ${tenantOf[name](key)}`, perIdle: 1 }];
        return inLanes(this.lanes[name], { key, names }, () => reconciler.reconcile(key, signal));
      },
    };
  }

  /** Charges outbound requests and name lookups of a reconcile to the namespace of its key. */
  forTenant<Name extends SharedController>(
    name: Name,
    reconciler: Reconciler<ControllerKeys[Name]>,
  ): Reconciler<ControllerKeys[Name]> {
    return {
      reconcile: (key, signal) => onBehalfOf(tenantOf[name](key), () => reconciler.reconcile(key, signal)),
    };
  }

  #lanesOf<Name extends SharedController>(name: Name): WorkerLanes<ControllerKeys[Name]> {
    const queue = this.#queues[name];
    const lanes = new WorkerLanes<ControllerKeys[Name]>({
      idleWorkers: () => this.workers[name] - queue.processing,
      wake: (key) => {
        queue.add(key);
      },
      isBusy: (key) => queue.isProcessing(key),
    });
    // Otherwise its place would be kept for ever.
    queue.onRemoved((key) => {
      lanes.ended(key);
    });
    return lanes;
  }
}
