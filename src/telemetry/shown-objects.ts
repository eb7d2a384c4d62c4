// SPDX-License-Identifier: Apache-2.0
import type { MetricFamilies } from './metric-families.ts';

/** The part of a policy or backend that the metrics show. */
export interface ShownObject {
  readonly kind: string;
  /** Empty for a kind of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly ready: 'True' | 'False' | 'Unknown';
  /** True when its owner has to change something. */
  readonly isStalled: boolean;
  /** The end of the key that signs, in seconds since the epoch. */
  readonly notAfterSeconds?: number | undefined;
}

/** The policies and backends of this replica's shards, as far as they are shown. */
export interface ShownObjects {
  readonly objects: readonly ShownObject[];
  /** The number of those that are left out. */
  readonly leftOut: number;
}

/** Names that tenants choose are labels here, so the source bounds their number. `show` is asked at each scrape. */
export function showObjects(families: MetricFamilies, show: () => ShownObjects): void {
  const condition =
    'Conditions of policies and backends: 1 for `type="Ready"` with its status, and for `type="Stalled"` while it is `True`.';
  families.gauge('hallmark_condition', condition, ['kind', 'namespace', 'name', 'type', 'status'], (gauge) => {
    for (const { kind, namespace, name, ready, isStalled } of show().objects) {
      gauge.set({ kind, namespace, name, type: 'Ready', status: ready }, 1);
      if (isStalled) gauge.set({ kind, namespace, name, type: 'Stalled', status: 'True' }, 1);
    }
  });
  const leftOut =
    'Policies and backends that `hallmark_condition` leaves out: their namespace has too many, or makes new ones too fast.';
  families.gauge('hallmark_condition_left_out', leftOut, [], (gauge) => {
    gauge.set(show().leftOut);
  });
  const notAfter = 'When the key that a policy signs with ends. A policy whose key has no end is not shown.';
  families.gauge('hallmark_key_not_after_timestamp_seconds', notAfter, ['kind', 'namespace', 'name'], (gauge) => {
    for (const { kind, namespace, name, notAfterSeconds } of show().objects)
      if (notAfterSeconds !== undefined) gauge.set({ kind, namespace, name }, notAfterSeconds);
  });
}
