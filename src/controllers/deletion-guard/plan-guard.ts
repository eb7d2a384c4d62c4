// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import type { RecordKey } from '../../records/record-key.ts';
import { type GuardedRun, type Hold, isAbandoned } from '../memory/runs/guarded-runs.ts';

/** Everything that the decision about a guarded run is made from. */
export interface GuardSnapshot {
  readonly run: GuardedRun;
  /** The records for which its PipelineRun has its children kept. */
  readonly parentHolds: readonly Hold[];
  /** True when nothing is left to do for a record but to retire it. */
  readonly isStored: (record: RecordKey) => boolean;
  /** True when a record needs no run any more to be signed. */
  readonly hasPayload: (record: RecordKey) => boolean;
  /** True when its namespace is being deleted. */
  readonly isNamespaceEnding: boolean;
  readonly nowMs: number;
}

export type GuardPlan =
  | { readonly action: 'Hold' }
  /** `unstored`: the records for which it was kept until the deadline, with the time of each. */
  | { readonly action: 'Release'; readonly unstored: readonly Hold[] }
  /** It has the finalizer, and keeps it: until the deadline, once it is being deleted. */
  | { readonly action: 'Keep'; readonly deadlineMs?: number }
  /** It neither has the finalizer nor should have it. */
  | { readonly action: 'Forget' };

/** Decides whether a run is kept. */
export function planGuard(snapshot: GuardSnapshot): GuardPlan {
  const { run, nowMs } = snapshot;
  const { deletedMs } = run;
  const hasFinalizer = run.finalizers.includes(DELETION_GUARD);
  const awaited = awaitedHolds(snapshot);
  const deadlines = deletedMs === undefined ? [] : awaited.map((hold) => deadlineOf(deletedMs, hold));
  const isHeld = awaited.length > 0 && (deletedMs === undefined || Math.max(...deadlines) > nowMs);
  // The API server takes no new finalizer of an object that is being deleted.
  if (!hasFinalizer) return { action: isHeld && deletedMs === undefined ? 'Hold' : 'Forget' };
  if (!isHeld) return { action: 'Release', unstored: awaited };
  return deletedMs === undefined ? { action: 'Keep' } : { action: 'Keep', deadlineMs: Math.max(...deadlines) };
}

/** The records that the run is kept for, whatever the time. */
function awaitedHolds({ run, parentHolds, isStored, hasPayload, isNamespaceEnding }: GuardSnapshot): readonly Hold[] {
  if (isNamespaceEnding || isAbandoned(run)) return [];
  return [
    ...run.holds.filter(({ record }) => !isStored(record)),
    ...parentHolds.filter(({ record }) => !hasPayload(record)),
  ];
}

function deadlineOf(deletedMs: number, { timeoutSeconds }: Hold): number {
  return deletedMs + timeoutSeconds * 1000;
}
