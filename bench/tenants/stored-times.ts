// SPDX-License-Identifier: Apache-2.0
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { ListWatch } from '../../src/kube/watch/list-watch.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { conditionOf, parseRecord } from '../../e2e/harness/record.ts';
import { adminClient } from '../../e2e/resilience/admin-client.ts';
import type { ControlPlane } from '../../e2e/testbed/control-plane/control-plane.ts';

/** A run that finished, and how many records are owed for it. */
export interface FinishedTenantRun {
  readonly uid: string;
  readonly namespace: string;
  readonly records: number;
}

/** Times from a run's completion, or from the start of the measurement if that was later, to its last record's Ready; in milliseconds. */
export interface Latencies {
  readonly median: number;
  readonly p99: number;
  readonly worstNamespaceP99: number;
  readonly bestNamespaceP99: number;
}

interface Waiting extends FinishedTenantRun {
  readonly sinceMs: number;
  readonly ready: Set<string>;
}

interface ReadyRecord {
  readonly uid: string;
  readonly runUID: string;
}

/** Follows all records by a watch of its own, and notes when each run has all of its records Ready. */
export class StoredTimes {
  readonly #watch: ListWatch<ReadyRecord>;
  readonly #waiting = new Map<string, Waiting>();
  /** Ready records whose run was not entered yet. */
  readonly #early = new Map<string, Set<string>>();
  readonly #recordUIDs = new Set<string>();
  #took = new Map<string, number[]>();
  #beganMs = performance.now();
  #lastMs = 0;

  constructor(plane: ControlPlane) {
    this.#watch = new ListWatch({
      client: adminClient(plane),
      resource: hallmarkResource('ProvenanceRecord'),
      clock: systemClock,
      project: (object) => {
        const record = parseRecord(object);
        if (conditionOf(record)?.status !== 'True') return undefined;
        return { uid: record.metadata.uid, runUID: record.spec.runRef.uid };
      },
      handler: {
        upsert: (_key, record) => {
          this.#ready(record);
        },
        remove: () => undefined,
        synced: () => undefined,
      },
    });
    this.#watch.start();
  }

  /** From now on it is measured; what was measured before is forgotten. */
  begin(): void {
    this.#took = new Map();
    this.#beganMs = performance.now();
    this.#lastMs = 0;
  }

  /** Enters a run that has just finished. */
  finished(run: FinishedTenantRun): void {
    const early = this.#early.get(run.uid) ?? new Set();
    this.#early.delete(run.uid);
    this.#waiting.set(run.uid, { ...run, sinceMs: performance.now(), ready: early });
    this.#check(run.uid);
  }

  /** Runs that are not stored yet. */
  get open(): number {
    return this.#waiting.size;
  }

  get recordCount(): number {
    return this.#recordUIDs.size;
  }

  /** From the begin to the last run that was stored, in milliseconds. */
  get lastMs(): number {
    return this.#lastMs;
  }

  latencies(): Latencies {
    const namespaces = [...this.#took.values()].map((times) => percentile(times, 0.99));
    const all = [...this.#took.values()].flat();
    return {
      median: percentile(all, 0.5),
      p99: percentile(all, 0.99),
      worstNamespaceP99: Math.max(...namespaces),
      bestNamespaceP99: Math.min(...namespaces),
    };
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  #ready({ uid, runUID }: ReadyRecord): void {
    if (this.#recordUIDs.has(uid)) return;
    this.#recordUIDs.add(uid);
    const waiting = this.#waiting.get(runUID);
    if (waiting === undefined) {
      const early = this.#early.get(runUID) ?? new Set<string>();
      this.#early.set(runUID, early.add(uid));
      return;
    }
    waiting.ready.add(uid);
    this.#check(runUID);
  }

  #check(runUID: string): void {
    const waiting = this.#waiting.get(runUID);
    if (waiting === undefined || waiting.ready.size < waiting.records) return;
    this.#waiting.delete(runUID);
    const nowMs = performance.now();
    this.#lastMs = nowMs - this.#beganMs;
    const times = this.#took.get(waiting.namespace) ?? [];
    times.push(nowMs - Math.max(waiting.sinceMs, this.#beganMs));
    this.#took.set(waiting.namespace, times);
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
