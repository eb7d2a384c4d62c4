// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Reason } from '../api/v1alpha1/reasons.ts';
import type { AnyController, ReconcileResult } from '../runtime/queue/controller.ts';
import type { QueueObserver } from '../runtime/queue/keyed-queue.ts';

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];

/** The shards that the replica holds. */
export interface ShownShards {
  readonly count: number;
  /** True for the shard of a namespace; the empty name stands for what belongs to none. */
  holds(namespace: string): boolean;
}

/** The operator's metrics. Labels come from closed sets: never a name a user chose, an image or an error's text. */
export class Metrics {
  readonly registry = new Registry();
  readonly #controllers: AnyController[] = [];
  #shards: ShownShards = { count: 0, holds: () => false };
  #heldRecords: () => number = () => 0;
  #guardedRuns: () => number = () => 0;
  #waitingRuns: () => number = () => 0;
  #records: () => ReadonlyMap<Reason, number> = () => new Map();
  #recordBytes: () => number = () => 0;

  readonly #runsSigned = this.#counter('hallmark_runs_signed_total', 'Runs signed.', ['kind']);
  readonly #storageAttempts = this.#counter(
    'hallmark_storage_attempts_total',
    'Attempts to store one artifact, by type of backend and what came of it (Stored, or the reason it failed for).',
    ['type', 'result'],
  );
  readonly #witnessAttempts = this.#counter(
    'hallmark_witness_attempts_total',
    'Attempts to have the signatures of a record witnessed, by what came of it (Logged, or the reason it failed for).',
    ['result'],
  );
  readonly #verifications = this.#counter(
    'hallmark_verifications_total',
    'Times that what a backend holds of a record was read back, by type of backend and result (Verified, Failed, Unread).',
    ['type', 'result'],
  );
  readonly #queueAdds = this.#counter('hallmark_queue_adds_total', 'Keys added to a queue.', ['controller']);
  readonly #queueRetries = this.#counter('hallmark_queue_retries_total', 'Keys put back after a failure.', [
    'controller',
  ]);
  readonly #queueWait = this.#histogram('hallmark_queue_wait_seconds', 'How long keys waited to be taken.', [
    'controller',
  ]);
  readonly #reconcile = this.#histogram('hallmark_reconcile_seconds', 'How long reconciles took.', [
    'controller',
    'result',
  ]);
  readonly #kubeRequests = this.#counter(
    'hallmark_kube_requests_total',
    'Requests to the Kubernetes API; code 0 means no response.',
    ['verb', 'resource', 'code'],
  );
  readonly #kubeSeconds = this.#histogram(
    'hallmark_kube_request_seconds',
    'How long the Kubernetes API took to answer.',
    ['verb'],
  );
  readonly #watchRestarts = this.#counter('hallmark_watch_restarts_total', 'Watches restarted.', ['resource', 'cause']);
  readonly #eventsDropped = this.#counter('hallmark_events_dropped_total', 'Events that were not written.', ['reason']);

  /** @param options.processMetrics memory, CPU and event loop of this process; true when absent */
  constructor(options: { readonly processMetrics?: boolean } = {}) {
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.registry });
    this.#gauge('hallmark_queue_depth', 'Keys ready to be taken.', ['controller'], (gauge) => {
      for (const { name, queue } of this.#controllers) gauge.set({ controller: name }, queue.depth);
    });
    this.#gauge('hallmark_queue_delayed', 'Keys that wait for their time.', ['controller'], (gauge) => {
      for (const { name, queue } of this.#controllers) gauge.set({ controller: name }, queue.delayed);
    });
    this.#gauge('hallmark_reconciles_active', 'Reconciles under way.', ['controller'], (gauge) => {
      for (const { name, active } of this.#controllers) gauge.set({ controller: name }, active);
    });
    const longest = 'How long the oldest reconcile under way has been running.';
    this.#gauge('hallmark_reconcile_longest_running_seconds', longest, ['controller'], (gauge) => {
      for (const { name, longestRunningMs } of this.#controllers)
        gauge.set({ controller: name }, longestRunningMs / 1000);
    });
    this.#gauge('hallmark_leader', '1 on the replica that reports on cluster policies and backends.', [], (gauge) => {
      gauge.set(this.#shards.holds('') ? 1 : 0);
    });
    this.#gauge('hallmark_shards_held', 'Shards whose work the replica does; 16 over all replicas.', [], (gauge) => {
      gauge.set(this.#shards.count);
    });
    this.#gauge(
      'hallmark_records',
      'ProvenanceRecords by the reason of their Ready condition.',
      ['reason'],
      (gauge) => {
        gauge.reset();
        for (const [reason, count] of this.#records()) gauge.set({ reason }, count);
      },
    );
    const bytes = 'Estimated size of all ProvenanceRecords in etcd.';
    this.#gauge('hallmark_records_bytes', bytes, [], (gauge) => {
      gauge.set(this.#recordBytes());
    });
    const held =
      'ProvenanceRecords that are left alone because their seals fail: too many at once, or sealed by another operator.';
    this.#gauge('hallmark_records_held', held, [], (gauge) => {
      gauge.set(this.#heldRecords());
    });
    const guarded = 'Runs that have the finalizer of the deletion guard.';
    this.#gauge('hallmark_runs_guarded', guarded, [], (gauge) => {
      gauge.set(this.#guardedRuns());
    });
    const waiting = 'Finished runs that wait because their namespace has as many records as its PolicyCeilings allow.';
    this.#gauge('hallmark_runs_waiting', waiting, [], (gauge) => {
      gauge.set(this.#waitingRuns());
    });
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

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [this.registry] });
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    collect: (gauge: Gauge<Label>) => void,
  ): void {
    const gauge: Gauge<Label> = new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => {
        collect(gauge);
      },
    });
  }
}
