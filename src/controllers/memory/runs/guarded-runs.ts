// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../../api/v1alpha1/deletion-guard.ts';
import type { RecordKey } from '../../../records/record-key.ts';
import { MAX_NESTING } from '../../../tekton/finished-run.ts';
import { parseRunKey, type RunKey } from '../../../tekton/run-key.ts';

/** A record that a run is kept for. */
export interface Hold {
  readonly record: RecordKey;
  /** Seconds after its deletion that the run is kept at most. */
  readonly timeoutSeconds: number;
  /** True when the children of the run are kept until the record has its payload. */
  readonly keepsChildren: boolean;
}

/** A run that a policy holds, or that has the finalizer, as it was last delivered. */
export interface GuardedRun {
  readonly key: RunKey;
  readonly resourceVersion: string;
  readonly finalizers: readonly string[];
  readonly isFinished: boolean;
  /** The time of its deletion, in milliseconds; absent while it is not being deleted. */
  readonly deletedMs?: number;
  /** The PipelineRun that it is a child of. */
  readonly parentUID?: string;
  /** The records of its own. */
  readonly holds: readonly Hold[];
}

/** Tekton does not finish a run that is being deleted, so there will be nothing to sign. */
export function isAbandoned({ deletedMs, isFinished }: GuardedRun): boolean {
  return deletedMs !== undefined && !isFinished;
}

/**
 * The runs that policies with `deletionGuard: Hold` keep, of all namespaces: a replica that takes a shard has to let go what its last holder
 * held. A run that is not held and has no finalizer is not kept here.
 */
export class GuardedRuns {
  readonly #runs = new Map<RunKey, GuardedRun>();
  /** The PipelineRuns among them, by UID. */
  readonly #parents = new Map<string, RunKey>();
  readonly #children = new Map<string, Set<RunKey>>();
  /** Runs whose holds may have changed: they are read before anything is decided. */
  readonly #stale = new Set<RunKey>();
  readonly #endingNamespaces = new Set<string>();

  keys(): readonly RunKey[] {
    return [...this.#runs.keys()];
  }

  /** The number of runs that have the finalizer, in the namespaces for which `isCounted` returns true. */
  count(isCounted: (namespace: string) => boolean): number {
    let count = 0;
    for (const { key, finalizers } of this.#runs.values())
      if (finalizers.includes(DELETION_GUARD) && isCounted(parseRunKey(key).namespace)) count += 1;
    return count;
  }

  /** @returns undefined for a run that is not kept, or has to be read first */
  get(key: RunKey): GuardedRun | undefined {
    return this.#stale.has(key) ? undefined : this.#runs.get(key);
  }

  has(key: RunKey): boolean {
    return this.#runs.has(key);
  }

  set(run: GuardedRun): void {
    const { key, parentUID } = run;
    this.forget(key);
    this.#runs.set(key, run);
    const { kind, uid } = parseRunKey(key);
    if (kind === 'PipelineRun') this.#parents.set(uid, key);
    if (parentUID === undefined) return;
    const children = this.#children.get(parentUID) ?? new Set();
    this.#children.set(parentUID, children.add(key));
  }

  /** The run has to be read before anything is decided about it. */
  setStale(key: RunKey): void {
    if (this.#runs.has(key)) this.#stale.add(key);
  }

  forget(key: RunKey): void {
    const parentUID = this.#runs.get(key)?.parentUID;
    this.#stale.delete(key);
    if (!this.#runs.delete(key)) return;
    this.#parents.delete(parseRunKey(key).uid);
    if (parentUID === undefined) return;
    const children = this.#children.get(parentUID);
    children?.delete(key);
    if (children?.size === 0) this.#children.delete(parentUID);
  }

  /** The children that are kept of a PipelineRun, and those of PipelineRuns that are nested in it. */
  childrenOf(uid: string, depth = 0): readonly RunKey[] {
    // Owner references may form a circle: users can write them.
    if (depth > MAX_NESTING) return [];
    const children = [...(this.#children.get(uid) ?? [])];
    const nested = children.map(parseRunKey).filter(({ kind }) => kind === 'PipelineRun');
    return [...children, ...nested.flatMap((child) => this.childrenOf(child.uid, depth + 1))];
  }

  /** The records for which the children of a PipelineRun are kept. The evidence of a PipelineRun states those of nested ones too. */
  holdsOnChildren(uid: string | undefined, depth = 0): readonly Hold[] {
    const key = uid === undefined ? undefined : this.#parents.get(uid);
    const parent = key === undefined ? undefined : this.#runs.get(key);
    if (parent === undefined || isAbandoned(parent) || depth > MAX_NESTING) return [];
    const outer = this.holdsOnChildren(parent.parentUID, depth + 1);
    return [...parent.holds.filter(({ keepsChildren }) => keepsChildren), ...outer];
  }

  /** The records of a namespace that is being deleted go with it, so nothing in it is kept. */
  setEnding(namespace: string, isEnding: boolean): void {
    if (isEnding) this.#endingNamespaces.add(namespace);
    else this.#endingNamespaces.delete(namespace);
  }

  isEnding(namespace: string): boolean {
    return this.#endingNamespaces.has(namespace);
  }
}
