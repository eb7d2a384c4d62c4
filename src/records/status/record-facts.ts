// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../../api/v1alpha1/kinds.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** The location of one artifact. */
export interface StoredLocation {
  readonly uri: string;
  readonly digest?: string;
  /** Name of the artifact that lies there. */
  readonly artifact?: string;
}

/** The result of reading back everything that a backend holds of a record. */
export interface VerificationFact {
  readonly state: 'Verified' | 'Failed';
  /** The cause of `Failed`. */
  readonly message?: string;
}

/** The progress of one backend with a record's evidence. */
export interface BackendFact {
  readonly backendRef: { readonly kind: BackendKind; readonly name: string };
  /** `NotApplicable`: it has no place for anything of the record. */
  readonly state: 'Pending' | 'Stored' | 'Failed' | 'NotApplicable';
  /** The types of artifacts that it holds completely; `spec.artifacts` may be edited after it stored. */
  readonly artifacts?: readonly ('Attestation' | 'ImageSignature')[];
  /** Everything it holds, even while something else is missing. */
  readonly locations: readonly StoredLocation[];
  /** The names of incomplete artifacts: tried again while `Pending`, without a place here otherwise. Absent where that is unknown. */
  readonly missing?: readonly string[];
  /** The number of further locations, which the status had no room for. */
  readonly unlistedLocations?: number;
  readonly problem?: Problem;
  /** RFC 3339, the time at which the last artifact was stored. */
  readonly storedTime?: string;
  /** The number of failures since storing last succeeded. */
  readonly attempts?: number;
  /** RFC 3339, the end of the back-off; absent while something else is awaited. */
  readonly nextAttemptTime?: string;
  /** Asked for after the record was made. */
  readonly isBackfill?: boolean;
  /** Absent until it was read back. */
  readonly verification?: VerificationFact;
  /** The reason why the last read-back failed, where the backend is not the cause. */
  readonly unread?: string;
}

/** The progress of logs and timestamp authorities, where the policy asks for them. */
export type LoggingFact =
  | { readonly state: 'Logged' }
  /** Stored without the log, as the policy allows. */
  | { readonly state: 'Without'; readonly message: string }
  | { readonly state: 'Pending'; readonly problem?: Problem };

/** The progress of the annotations of Tekton Chains on the run. */
export type AnnotationFact = { readonly isDone: true } | { readonly isDone: false; readonly problem?: Problem };

/** All facts that a record's conditions are computed from. */
export interface RecordFacts {
  readonly generation: number;
  readonly artifacts: readonly { readonly name: string; readonly isSigned: boolean }[];
  /** All warnings of the evidence, in order. */
  readonly warnings?: readonly string[];
  /** The reason why there is no payload or no signature (yet). */
  readonly unsigned?: Problem;
  /** Absent where the policy asks for no witness. */
  readonly logging?: LoggingFact;
  /** The backends bound in the record; undefined while none was in reach. */
  readonly backends: readonly BackendFact[] | undefined;
  /** The reason why the record is bound to no backend, although there are some. */
  readonly unbound?: Problem;
  /** The reason why the record promises less than it should, although all its backends work. */
  readonly uncovered?: Problem;
  /** True when the run is gone, although its policy has runs kept until they are stored. */
  readonly isRunLost?: true;
  /** Absent where the policy asks for no annotations, and where there is no run to annotate. */
  readonly annotation?: AnnotationFact;
}

/** The facts that a reconcile establishes; the others are in the record. */
export type StatusFacts = Pick<
  RecordFacts,
  'unsigned' | 'logging' | 'backends' | 'uncovered' | 'unbound' | 'isRunLost' | 'annotation'
>;
