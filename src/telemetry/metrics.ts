// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Reason } from '../api/v1alpha1/reasons.ts';
import type { AnyController, ReconcileResult } from '../runtime/queue/controller.ts';
import type { QueueObserver } from '../runtime/queue/keyed-queue.ts';
import { MetricFamilies } from './metric-families.ts';
import { showObjects, type ShownObjects } from './shown-objects.ts';

/** Upper bounds of the time from the end of a run until it is stored. */
const STORED_SECONDS = [1, 2, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

/** The shards that the replica holds. */
export interface ShownShards {
  readonly count: number;
  /** True for the shard of a namespace; the empty name stands for what belongs to none. */
  holds(namespace: string): boolean;
}

/** The program that runs. */
export interface BuildInfo {
  readonly version: string;
  readonly nodeVersion: string;
  /** Empty where the build did not say. */
  readonly revision: string;
}

const unknownBuild: BuildInfo = { version: 'unknown', nodeVersion: process.version, revision: '' };

/**
 * The operator's metrics. Labels come from closed sets, never from images or errors. Names that users chose are labels of policies and
 * backends, and of namespaces with waiting records, alone: their sources bound the number of both.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #families = new MetricFamilies(this.registry);
  readonly #controllers: AnyController[] = [];
  #shards: ShownShards = { count: 0, holds: () => false };
  #heldRecords: () => number = () => 0;
  #guardedRuns: () => number = () => 0;
  #waitingRuns: () => number = () => 0;
  #records: () => ReadonlyMap<Reason, number> = () => new Map();
  #recordBytes: () => number = () => 0;
  #oldestWaiting: () => ReadonlyMap<string, number> = () => new Map();
  #objects: () => ShownObjects = () => ({ objects: [], leftOut: 0 });

  readonly #runsSigned = this.#families.counter('hallmark_runs_signed_total', 'Runs signed.', ['kind']);
  readonly #storageAttempts = this.#families.counter(
    'hallmark_storage_attempts_total',
    'Attempts to store one artifact, by type of backend and what came of it (Stored, or the reason it failed for).',
    ['type', 'result'],
  );
  readonly #witnessAttempts = this.#families.counter(
    'hallmark_witness_attempts_total',
    'Attempts to have the signatures of a record witnessed, by what came of it (Logged, or the reason it failed for).',
    ['result'],
  );
  readonly #verifications = this.#families.counter(
    'hallmark_verifications_total',
    'Times that what a backend holds of a record was read back, by type of backend and result (Verified, Failed, Unread).',
    ['type', 'result'],
  );
  readonly #queueAdds = this.#families.counter('hallmark_queue_adds_total', 'Keys added to a queue.', ['controller']);
  readonly #queueRetries = this.#families.counter('hallmark_queue_retries_total', 'Keys put back after a failure.', [
    'controller',
  ]);
  readonly #queueWait = this.#families.histogram('hallmark_queue_wait_seconds', 'How long keys waited to be taken.', [
    'controller',
  ]);
  readonly #reconcile = this.#families.histogram('hallmark_reconcile_seconds', 'How long reconciles took.', [
    'controller',
    'result',
  ]);
  readonly #kubeRequests = this.#families.counter(
    'hallmark_kube_requests_total',
    'Requests to the Kubernetes API; code 0 means no response.',
    ['verb', 'resource', 'code'],
  );
  readonly #kubeSeconds = this.#families.histogram(
    'hallmark_kube_request_seconds',
    'How long the Kubernetes API took to answer.',
    ['verb'],
  );
  readonly #watchRestarts = this.#families.counter('hallmark_watch_restarts_total', 'Watches restarted.', [
    'resource',
    'cause',
  ]);
  readonly #stored = this.#families.histogram(
    'hallmark_run_stored_seconds',
    'Time from the end of a run until all promised backends hold its evidence, per record.',
    [],
    STORED_SECONDS,
  );
  readonly #spans = this.#families.counter(
    'hallmark_trace_spans_total',
    'Spans given to the collector, by result (Sent, Failed). Those that found no room in the queue are not counted.',
    ['result'],
  );
  readonly #eventsDropped = this.#families.counter('hallmark_events_dropped_total', 'Events that were not written.', [
    'reason',
  ]);

  /** @param options.processMetrics memory, CPU and event loop of this process; true when absent */
  constructor(options: { readonly processMetrics?: boolean; readonly build?: BuildInfo } = {}) {
    const { version, nodeVersion: node_version, revision } = options.build ?? unknownBuild;
    const build = 'Always 1. Its labels say which version runs, on which Node.js.';
    this.#families.gauge('hallmark_build_info', build, ['version', 'node_version', 'revision'], (gauge) => {
      gauge.set({ version, node_version, revision }, 1);
    });
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry });
    this.#families.gauge('hallmark_queue_depth', 'Keys ready to be taken.', ['controller'], (gauge) => {
      for (const { name, queue } of this.#controllers) gauge.set({ controller: name }, queue.depth);
    });
    this.#families.gauge('hallmark_queue_delayed', 'Keys that wait for their time.', ['controller'], (gauge) => {
      for (const { name, queue } of this.#controllers) gauge.set({ controller: name }, queue.delayed);
    });
    this.#families.gauge('hallmark_reconciles_active', 'Reconciles under way.', ['controller'], (gauge) => {
      for (const { name, active } of this.#controllers) gauge.set({ controller: name }, active);
    });
    const longest = 'How long the oldest reconcile under way has been running.';
    this.#families.gauge('hallmark_reconcile_longest_running_seconds', longest, ['controller'], (gauge) => {
      for (const { name, longestRunningMs } of this.#controllers)
        gauge.set({ controller: name }, longestRunningMs / 1000);
    });
    this.#families.gauge(
      'hallmark_leader',
      '1 on the replica that reports on cluster policies and backends.',
      [],
      (gauge) => {
        gauge.set(this.#shards.holds('') ? 1 : 0);
      },
    );
    this.#families.gauge(
      'hallmark_shards_held',
      'Shards whose work the replica does; 16 over all replicas.',
      [],
      (gauge) => {
        gauge.set(this.#shards.count);
      },
    );
    this.#families.gauge(
      'hallmark_records',
      'ProvenanceRecords by the reason of their Ready condition.',
      ['reason'],
      (gauge) => {
        for (const [reason, count] of this.#records()) gauge.set({ reason }, count);
      },
    );
    const bytes = 'Estimated size of all ProvenanceRecords in etcd.';
    this.#families.gauge('hallmark_records_bytes', bytes, [], (gauge) => {
      gauge.set(this.#recordBytes());
    });
    const held =
      'ProvenanceRecords that are left alone because their seals fail: too many at once, or sealed by another operator.';
    this.#families.gauge('hallmark_records_held', held, [], (gauge) => {
      gauge.set(this.#heldRecords());
    });
    const guarded = 'Runs that have the finalizer of the deletion guard.';
    this.#families.gauge('hallmark_runs_guarded', guarded, [], (gauge) => {
      gauge.set(this.#guardedRuns());
    });
    const waiting = 'Finished runs that wait because their namespace has as many records as its PolicyCeilings allow.';
    this.#families.gauge('hallmark_runs_waiting', waiting, [], (gauge) => {
      gauge.set(this.#waitingRuns());
    });
    const oldest =
      'Time since the run of the oldest record ended that is not stored yet, for up to 500 namespaces. Suspended policies and failed read-backs do not count.';
    this.#families.gauge('hallmark_record_oldest_waiting_seconds', oldest, ['namespace'], (gauge) => {
      for (const [namespace, seconds] of this.#oldestWaiting()) gauge.set({ namespace }, seconds);
    });
    showObjects(this.#families, () => this.#objects());
  }

  /** Shows the controller's queue and reconciles. */
  watchController(controller: AnyController): void {
    this.#controllers.push(controller);
  }

  /** Counts the events of the queue of this controller. */
  queueObserver(controller: string): QueueObserver {
    return {
      added: () => {
        this.#queueAdds.inc({ controller });
      },
      taken: (waitedMs) => {
        this.#queueWait.observe({ controller }, waitedMs / 1000);
      },
      retried: () => {
        this.#queueRetries.inc({ controller });
      },
    };
  }

  reconciled(result: ReconcileResult): void {
    this.#reconcile.observe({ controller: result.controller, result: result.kind }, result.durationMs / 1000);
  }

  runSigned(kind: RunKind): void {
    this.#runsSigned.inc({ kind });
  }

  /** @param result `Stored`, or the reason from the closed list */
  storageAttempt(type: string, result: Reason): void {
    this.#storageAttempts.inc({ type, result });
  }

  /** @param result `Logged`, or the reason from the closed list */
  witnessAttempt(result: Reason): void {
    this.#witnessAttempts.inc({ result });
  }

  /** All promised backends of a record hold its evidence for the first time. @param seconds since the end of its run */
  recordStored(seconds: number): void {
    this.#stored.observe(Math.max(0, seconds));
  }

  verified(type: string, result: 'Verified' | 'Failed' | 'Unread'): void {
    this.#verifications.inc({ type, result });
  }

  kubeRequested(request: {
    readonly verb: string;
    readonly resource: string;
    readonly code: number;
    readonly durationMs: number;
  }): void {
    const { verb, resource, code, durationMs } = request;
    this.#kubeRequests.inc({ verb, resource, code: String(code) });
    this.#kubeSeconds.observe({ verb }, durationMs / 1000);
  }

  watchRestarted(event: { readonly resource: string; readonly cause: string }): void {
    this.#watchRestarts.inc({ resource: event.resource, cause: event.cause });
  }

  spansExported(result: 'Sent' | 'Failed', spans: number): void {
    this.#spans.inc({ result }, spans);
  }

  eventDropped(reason: string): void {
    this.#eventsDropped.inc({ reason });
  }

  /** Asked at each scrape. */
  showShards(shards: ShownShards): void {
    this.#shards = shards;
  }

  /** Asked at each scrape: how many records there are by reason. */
  showRecords(records: () => ReadonlyMap<Reason, number>): void {
    this.#records = records;
  }

  /** Asked at each scrape: how many bytes the records take in etcd. */
  showRecordBytes(bytes: () => number): void {
    this.#recordBytes = bytes;
  }

  /** Asked at each scrape: how long the oldest waiting record of each namespace waits, in seconds. */
  showOldestWaiting(oldest: () => ReadonlyMap<string, number>): void {
    this.#oldestWaiting = oldest;
  }

  /** Asked at each scrape: the policies and backends of this replica. */
  showObjects(objects: () => ShownObjects): void {
    this.#objects = objects;
  }

  /** Asked at each scrape: how many records are left alone because their seals fail. */
  showHeldRecords(count: () => number): void {
    this.#heldRecords = count;
  }

  /** Asked at each scrape: how many runs the deletion guard keeps. */
  showGuardedRuns(count: () => number): void {
    this.#guardedRuns = count;
  }

  /** Asked at each scrape: how many runs wait for room for their records. */
  showWaitingRuns(count: () => number): void {
    this.#waitingRuns = count;
  }

  /** All metrics in the text format, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }
}
