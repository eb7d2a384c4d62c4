// SPDX-License-Identifier: Apache-2.0
import type { BackendRef } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { CompiledBackend, PolicyDefinition } from '../../pipelines/definitions.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** A backend frozen in the record, as it stands now. */
export interface BoundBackend {
  readonly ref: BackendRef;
  /** Undefined while no backend of this name exists. */
  readonly backend: CompiledBackend | undefined;
  /** Whether its back-off is over. */
  readonly isDue: boolean;
  /** Why nothing is sent to it: it is known not to work, and its own probe will say when it does again. */
  readonly parked?: Problem;
  /** Asked for after the record was made. */
  readonly isBackfill?: boolean;
}

/** Everything that the decision about a record is made from. Nothing in it changes, and nothing else is read. */
export interface RecordSnapshot {
  readonly record: TrustedRecord;
  readonly policy: PolicyDefinition | undefined;
  /** What signs; or why nothing can; undefined when everything is signed or may not be. */
  readonly signer: RunSigner | Problem | undefined;
  /** Why nothing may be signed, whatever the key. */
  readonly unsigned: Problem | undefined;
  readonly backends: readonly BoundBackend[];
  /** Whether the witnesses' back-off is over. */
  readonly areWitnessesDue?: boolean;
  /** What the record may be bound to without its run, where it is bound to nothing yet and there is something. */
  readonly bindable: readonly BackendRef[] | undefined;
  /** The backends to bind the record to instead of those that it is bound to, where these are gone or have no place for its evidence. */
  readonly rebound?: readonly BackendRef[] | undefined;
  /** Why it is bound to nothing, although there are backends. */
  readonly unbound?: Problem | undefined;
  /** Whether the run still exists; undefined while that is not known yet. */
  readonly hasRun: boolean | undefined;
  readonly now: Date;
}

export function isProblem(signer: RunSigner | Problem): signer is Problem {
  return 'reason' in signer;
}
