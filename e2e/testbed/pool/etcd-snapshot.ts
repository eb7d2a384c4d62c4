// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { EtcdKeys, type EtcdKey } from './etcd-keys.ts';
import { isSame, restoringChanges } from './restoring-changes.ts';

/** Between two looks at the keys that must be the same for a snapshot. */
const quietMilliseconds = 400;
const patienceMilliseconds = 20_000;

/**
 * The content of a control plane at one moment, to restore. kube-apiserver follows etcd by watches, as it does when several
 * API servers share one etcd, so that it sees the way back as deletions and updates.
 */
export class EtcdSnapshot {
  readonly #keys: EtcdKeys;
  #entries: readonly EtcdKey[];

  private constructor(keys: EtcdKeys, entries: readonly EtcdKey[]) {
    this.#keys = keys;
    this.#entries = entries;
  }

  /** Waits until the control plane has come to rest, and keeps what it holds. */
  static async take(etcdURL: string): Promise<EtcdSnapshot> {
    const keys = new EtcdKeys(etcdURL);
    const deadline = Date.now() + patienceMilliseconds;
    for (;;) {
      const before = await keys.list({ withValues: true });
      await delay(quietMilliseconds);
      if (isSame(before, await keys.list({ withValues: false })) || Date.now() >= deadline)
        return new EtcdSnapshot(keys, before);
    }
  }

  /** Goes back to it; resolves with the keys that were changed. */
  async restore(): Promise<readonly string[]> {
    const changes = restoringChanges(this.#entries, await this.#keys.list({ withValues: false }));
    if (changes.length === 0) return [];
    await this.#keys.change(changes);
    const putBack = new Set(changes.filter(({ value }) => value !== undefined).map(({ key }) => key));
    if (putBack.size > 0) await this.#adoptRevisions(putBack);
    return changes.map(({ key }) => key);
  }

  /** A key that was put back has a new revision, which is its right one from now on. */
  async #adoptRevisions(putBack: ReadonlySet<string>): Promise<void> {
    const now = new Map((await this.#keys.list({ withValues: false })).map(({ key, revision }) => [key, revision]));
    this.#entries = this.#entries.map((entry) =>
      putBack.has(entry.key) ? { ...entry, revision: now.get(entry.key) ?? entry.revision } : entry,
    );
  }
}
