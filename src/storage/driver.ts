// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../evidence/signed-artifact.ts';
import type { StorageReason } from './storage-error.ts';

/** The run whose evidence is stored, and the ServiceAccount its pods ran as. */
export interface RunTarget {
  readonly apiVersion: 'tekton.dev/v1';
  readonly kind: 'TaskRun' | 'PipelineRun';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Effective account, `default` when the run names none. */
  readonly serviceAccountName: string;
}

/** Where one artifact was written. `uri` names no credential; `digest` is of what lies there, where the store has one. */
export interface Location {
  readonly uri: string;
  readonly digest?: string;
}

/** What a location holds: the payload, and the signature text (DSSE envelope of a statement, raw bytes of an image signature). */
export interface StoredEvidence {
  readonly payload: Buffer;
  readonly signature: Buffer;
}

export interface Probe {
  readonly ready: boolean;
  readonly reason?: StorageReason;
  readonly message?: string;
}

/** One configured backend. Every failure is a StorageError; an abort rejects with the signal's reason. */
export interface StorageDriver {
  /** Whether evidence could be written now, as far as that can be told without writing. Never rejects but on abort. */
  probe(signal: AbortSignal): Promise<Probe>;
  /** Writes one artifact; repeating it, also concurrently, changes nothing. */
  put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]>;
  /** Reads back what `put` returned. `run` lends its ServiceAccount's credentials where the backend uses them. */
  get(location: Location, signal: AbortSignal, run?: RunTarget): Promise<StoredEvidence>;
  close(): Promise<void>;
}
