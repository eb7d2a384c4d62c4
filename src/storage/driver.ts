// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../credentials/access.ts';
import type { SignedArtifact } from '../evidence/artifact.ts';
import type { StorageError, StorageReason } from './storage-error.ts';
import type { RunAnnotator } from './tekton/run-annotator.ts';
import type { RunTarget } from './run-target.ts';
import type { Location, StoredEvidence } from './stored-evidence.ts';

export interface Probe {
  readonly ready: boolean;
  readonly reason?: StorageReason;
  readonly message?: string;
}

/** One configured backend. Every failure is a StorageError; an abort rejects with the signal's reason. */
export interface StorageDriver {
  /** True if artifacts go to different servers, so that the silence of one says nothing about the next. */
  readonly hasManyServers?: boolean;
  /** Check, without writing, whether evidence can be written now. Rejects only on abort. */
  probe(signal: AbortSignal): Promise<Probe>;
  /**
   * The name under which an artifact is stored, if the store keeps one artifact per name, so that another one of that name replaces it.
   * Undefined for stores that keep both.
   */
  nameOf?(artifact: SignedArtifact, run: RunTarget): string;
  /**
   * Write one artifact; a repetition, even a concurrent one, changes nothing. A StorageError with the reason `NoSubjects` means that the
   * backend has no place for this artifact, now or later.
   */
  put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]>;
  /**
   * Write several artifacts of one run in one request, all or none; no two may have the same name. Absent where that takes a request each.
   * A failure may be due to one of them alone, or to their sum: `put` finds out which of them can be stored.
   * @returns the locations of each, in the order given
   */
  putAll?(
    artifacts: readonly SignedArtifact[],
    run: RunTarget,
    signal: AbortSignal,
  ): Promise<readonly (readonly Location[])[]>;
  /** Read a location that `put` returned, with the credentials of the run's ServiceAccount if the backend uses them. */
  get(location: Location, signal: AbortSignal, run?: RunTarget): Promise<StoredEvidence>;
  /**
   * Read several locations of one run in one request. Absent where that takes a request each. Rejects only on abort.
   * @returns for each, in the order given, what `get` resolves to or rejects with
   */
  getAll?(locations: readonly Location[], signal: AbortSignal): Promise<readonly (StoredEvidence | StorageError)[]>;
  /** Close connections of the driver's own. Most drivers use the process's egress client, which outlives them. */
  close?(): Promise<void>;
}

/** The ways in which drivers reach the outside. One per process. */
export interface DriverContext extends Access {
  readonly annotator: RunAnnotator;
  /** The time limit of one `put`, which is tried again later. Default 120 s. */
  readonly putTimeoutMs?: number;
}
