// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { Problem } from '../api/v1alpha1/problem.ts';

/** A place where one artifact lies. */
export interface StoredLocation {
  readonly uri: string;
  readonly digest?: string;
  /** Name of the artifact that lies there. */
  readonly artifact?: string;
}

/** What reading back everything that a backend was given found. */
export interface VerificationFact {
  readonly state: 'Verified' | 'Failed';
  /** What is wrong, for `Failed`. */
  readonly message?: string;
}

/** How far one backend is with a record's evidence. */
export interface BackendFact {
  readonly backendRef: { readonly kind: BackendKind; readonly name: string };
  /** `NotApplicable`: it has no place for anything of the record. */
  readonly state: 'Pending' | 'Stored' | 'Failed' | 'NotApplicable';
  /** Types of artifacts that it holds all of; what a backend takes can be edited after it stored. */
  readonly artifacts?: readonly ('Attestation' | 'ImageSignature')[];
  /** What it holds, also while something else is missing. */
  readonly locations: readonly StoredLocation[];
  /** Names of artifacts that are not all there: tried again while `Pending`, without a place here otherwise. Absent where that is not known. */
  readonly missing?: readonly string[];
  /** How many more there are, which the status had no room for. */
  readonly unlistedLocations?: number;
  readonly problem?: Problem;
  /** RFC 3339, when the last artifact was stored. */
  readonly storedTime?: string;
  /** How often storing has failed since it last went well. */
  readonly attempts?: number;
  /** RFC 3339, when the back-off of the last failure is over; absent while something else is waited for. */
  readonly nextAttemptTime?: string;
  /** Asked for after the record was made. */
  readonly isBackfill?: boolean;
  /** Absent until what it holds was read back. */
  readonly verification?: VerificationFact;
  /** Why it could not be read back the last time, where that is no failure of the backend. */
  readonly unread?: string;
}

/** Whether logs and timestamp authorities have seen the signatures, where the policy asks for that. */
export type LoggingFact =
  | { readonly state: 'Logged' }
  /** Stored without the log, as the policy allows. */
  | { readonly state: 'Without'; readonly message: string }
  | { readonly state: 'Pending'; readonly problem?: Problem };

/** All that a record's conditions are computed from. */
export interface RecordFacts {
  readonly generation: number;
  readonly artifacts: readonly { readonly name: string; readonly isSigned: boolean }[];
  /** All warnings of the evidence, in order. */
  readonly warnings?: readonly string[];
  /** Why there is no payload or no signature (yet). */
  readonly unsigned?: Problem;
  /** Absent where the policy asks for no witness. */
  readonly logging?: LoggingFact;
  /** The backends frozen in the record; undefined while none was in reach. */
  readonly backends: readonly BackendFact[] | undefined;
  /** Why the record is bound to no backend, although there are some. */
  readonly unbound?: Problem;
  /** Why the record promises less than it should, for all its backends being fine. */
  readonly uncovered?: Problem;
}

/** The part of the facts that reconciling a record finds out; the rest stands in the record. */
export type StatusFacts = Pick<RecordFacts, 'unsigned' | 'logging' | 'backends' | 'uncovered' | 'unbound'>;
