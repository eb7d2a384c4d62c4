// SPDX-License-Identifier: Apache-2.0
import type { EtcdChange, EtcdKey } from './etcd-keys.ts';

/** The keys that the servers of a control plane keep up to date themselves. They are left alone. */
const alive = ['/registry/masterleases/', '/registry/leases/kube-system/', '/registry/leases/tekton-pipelines/'];
/** Events end by themselves; one that has ended is not put back. */
const passing = '/registry/events/';

/**
 * The changes that lead from what there is now back to a snapshot: what is new goes, and what was changed or removed
 * gets its value of then.
 */
export function restoringChanges(snapshot: readonly EtcdKey[], now: readonly EtcdKey[]): readonly EtcdChange[] {
  const before = new Map(snapshot.map((entry) => [entry.key, entry]));
  const revisions = new Map(now.map(({ key, revision }) => [key, revision]));
  const removed = now.filter(({ key }) => !before.has(key) && !isAlive(key)).map(({ key }) => ({ key }));
  const putBack = snapshot
    .filter(({ key, revision }) => revisions.get(key) !== revision && !isAlive(key) && !key.startsWith(passing))
    .map(({ key, value }) => ({ key, value }));
  return [...removed, ...putBack];
}

/** True when two listings of keys hold the same, but for what servers keep up to date by themselves. */
export function isSame(one: readonly EtcdKey[], other: readonly EtcdKey[]): boolean {
  const lasting = (keys: readonly EtcdKey[]): string =>
    keys
      .filter(({ key }) => !isAlive(key) && !key.startsWith(passing))
      .map(({ key, revision }) => `${key} ${revision}`)
      .join('\n');
  return lasting(one) === lasting(other);
}

function isAlive(key: string): boolean {
  return alive.some((prefix) => key.startsWith(prefix));
}
