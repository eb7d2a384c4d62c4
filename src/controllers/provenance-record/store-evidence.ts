// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../api/v1alpha1/date-time.ts';
import type { BackendRef, EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { SignedArtifact } from '../../evidence/signed-artifact.ts';
import type { RunTarget, StorageDriver } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { BackendFact, Problem, StoredLocation } from './record-facts.ts';

/** One backend, and what of a record's evidence it takes. */
export interface StoreTask {
  readonly ref: BackendRef;
  readonly driver: StorageDriver;
  readonly artifacts: readonly SignedArtifact[];
  /** What the backend takes, whether the record has such artifacts or not. */
  readonly types: readonly EvidenceArtifact['type'][];
  /** Throws when nothing may be written any more: asked before each artifact. */
  readonly fence: () => void;
  readonly run: RunTarget;
}

export interface StoreResult {
  readonly fact: BackendFact;
  /** Set when the backend is to be tried again. */
  readonly retry?: { readonly afterSeconds?: number | undefined };
}

/** Stores everything of one task. Never throws but on abort: what went wrong is in the fact. */
export async function storeEvidence(task: StoreTask, now: () => Date, signal: AbortSignal): Promise<StoreResult> {
  const { kind, name } = task.ref;
  const backendRef = { kind, name };
  const locations: StoredLocation[] = [];
  let skipped: Problem | undefined;
  for (const artifact of task.artifacts) {
    task.fence();
    try {
      const placed = await task.driver.put(artifact, task.run, signal);
      locations.push(...placed.map((location) => ({ ...location, artifact: artifact.name })));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StorageError)) throw error;
      const problem = { reason: error.reason, message: error.message };
      if (error.reason !== reasons.NoSubjects) return failed(backendRef, problem, error.retryAfterSeconds);
      // A backend that has no place for this artifact is done with it; the others may have one.
      skipped = problem;
    }
  }
  const storedTime = rfc3339Seconds(now());
  const problem = skipped === undefined ? {} : { problem: skipped };
  const artifacts = [...task.types];
  return { fact: { backendRef, state: 'Stored', artifacts, locations, storedTime, ...problem } };
}

function failed(
  backendRef: BackendFact['backendRef'],
  problem: Problem,
  afterSeconds: number | undefined,
): StoreResult {
  // The run is gone and its annotations with it: no retry brings them back.
  if (problem.reason === reasons.RunDeleted) return { fact: { backendRef, state: 'Failed', locations: [], problem } };
  return { fact: { backendRef, state: 'Pending', locations: [], problem }, retry: { afterSeconds } };
}
