// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind, RunKind } from '../api/v1alpha1/kinds.ts';
import type { SignedArtifact } from '../evidence/artifact.ts';
import type { StorageReason } from './storage-error.ts';

/** The run whose evidence is stored, and the ServiceAccount its pods ran as. */
export interface RunTarget {
  readonly apiVersion: 'tekton.dev/v1';
  readonly kind: RunKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Effective account, `default` when the run names none. */
  readonly serviceAccountName: string;
  /** RFC 3339; absent where it is not known. */
  readonly completionTime?: string;
  /** Whose evidence it is. `namespace` is empty for a cluster policy. */
  readonly policy: {
    readonly kind: PolicyKind;
    readonly namespace: string;
    readonly name: string;
  };
}

/** Where one artifact was written. `uri` names no credential; `digest` is of what lies there, where the store has one. */
export interface Location {
  readonly uri: string;
  readonly digest?: string;
}

/** Texts in cosign's own form. */
export interface StoredWitnesses {
  readonly logEntry?: string;
  readonly timestamp?: string;
}

/** What a location holds. */
export interface StoredEvidence {
  readonly payload: Buffer;
  /** Signature text: the DSSE envelope of a statement, the raw bytes of an image signature; of a bundle, its JSON. */
  readonly signature: Buffer;
  /** What `signature` is. */
  readonly encoding: 'SignatureText' | 'SigstoreBundle';
  /** PEM chain stored beside it, the signing certificate first; empty where there is none, absent where the store has no room for it. */
  readonly certificateChain?: string;
  /** What witnessed it, as cosign keeps one of each beside a layer; absent where the store has no room for that. */
  readonly witnesses?: StoredWitnesses;
}

export interface Probe {
  readonly ready: boolean;
  readonly reason?: StorageReason;
  readonly message?: string;
}

/** One configured backend. Every failure is a StorageError; an abort rejects with the signal's reason. */
export interface StorageDriver {
  /** True when artifacts go to servers of their own, so that the silence of one says nothing about the next. */
  readonly hasManyServers?: boolean;
  /** Whether evidence could be written now, as far as that can be told without writing. Never rejects but on abort. */
  probe(signal: AbortSignal): Promise<Probe>;
  /**
   * The name under which an artifact is filed, where one name is one place: another artifact of that name would take it. Absent for
   * stores that keep both.
   */
  nameOf?(artifact: SignedArtifact, run: RunTarget): string;
  /**
   * Writes one artifact; repeating it, also concurrently, changes nothing. A StorageError with the reason `NoSubjects` means that the
   * backend has no place for this artifact, now or later.
   */
  put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]>;
  /** Reads back what `put` returned. `run` lends its ServiceAccount's credentials where the backend uses them. */
  get(location: Location, signal: AbortSignal, run?: RunTarget): Promise<StoredEvidence>;
  close(): Promise<void>;
}
