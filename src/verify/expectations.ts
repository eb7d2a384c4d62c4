// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { VerificationKey } from '../signing/verification-key.ts';

/** Predicate type of an image signature in a bundle; a simple signing, which has none, counts as it. */
export const IMAGE_SIGNATURE_TYPE = 'https://sigstore.dev/cosign/sign/v1';
export const PROVENANCE_TYPES = ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'] as const;

/** Whom a certificate must name. Both are compared whole. */
export interface CertificateIdentity {
  readonly identity: string;
  readonly issuer: string;
}

/** What evidence must be to count. Nothing here is taken from the evidence itself. */
export interface Expectations {
  /** Keys that may have signed. */
  readonly keys: readonly VerificationKey[];
  /** Whom certificates may name. */
  readonly identities: readonly CertificateIdentity[];
  /** Without one, certificates do not count, and neither do log entries and timestamps. */
  readonly trustedRoot?: TrustedRoot | undefined;
  /** Accepted predicate types; an image signature counts as {@link IMAGE_SIGNATURE_TYPE}. */
  readonly predicateTypes: readonly string[];
  /** Digests, hex by algorithm: each must be among the payload's subjects, with all the algorithms named. */
  readonly subjects: readonly Readonly<Record<string, string>>[];
  /** How many logs must have taken it; several entries of one log count once. */
  readonly logs: number;
  /** How many timestamp authorities must have seen it; several timestamps of one count once. */
  readonly timestamps: number;
  /** The time now: what nothing witnessed is judged as if it were signed now. */
  readonly now: Date;
  /** When it was signed, if the caller knows that from a source of its own; for what nothing witnessed. */
  readonly signedAt?: Date | undefined;
}
