// SPDX-License-Identifier: Apache-2.0
import type { BackendRef } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { CompiledBackend, PolicyDefinition } from '../../../pipelines/definitions.ts';
import type { RunSigner } from '../../../signing/run-signer.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';

/** A backend that the record is bound to, in its current state. */
export interface BoundBackend {
  readonly ref: BackendRef;
  /** Undefined while no backend of this name exists. */
  readonly backend: CompiledBackend | undefined;
  /** True when its back-off is over. */
  readonly isDue: boolean;
  /** The reason why nothing is sent to it: its last probe failed, and a later probe reports when it works again. */
  readonly parked?: Problem;
  /** Asked for after the record was made. */
  readonly isBackfill?: boolean;
}

/** Everything that the decision about a record is made from. It never changes, and nothing else is read. */
export interface RecordSnapshot {
  readonly record: TrustedRecord;
  readonly policy: PolicyDefinition | undefined;
  /** The signer, or the reason why there is none; undefined when nothing is to be signed or may be. */
  readonly signer: RunSigner | Problem | undefined;
  /** The reason why nothing may be signed, whatever the key. */
  readonly unsigned: Problem | undefined;
  readonly backends: readonly BoundBackend[];
  /** True when the witnesses' back-off is over. */
  readonly areWitnessesDue?: boolean;
  /** The backends that an unbound record may be bound to without its run, where there are any. */
  readonly bindable: readonly BackendRef[] | undefined;
  /** The backends that replace the bound ones, where these are gone or have no place for the evidence. */
  readonly rebound?: readonly BackendRef[] | undefined;
  /** The reason why it is bound to nothing, although there are backends. */
  readonly unbound?: Problem | undefined;
  /** True when the run still exists; undefined while that is unknown. */
  readonly hasRun: boolean | undefined;
  /** The platform's limit on the retention of records; 0: there is none. */
  readonly maxRetentionSeconds: number;
  readonly now: Date;
}
