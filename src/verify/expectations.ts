// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { VerificationKey } from '../signing/verification-key.ts';

/** The predicate type of an image signature in a bundle. A simple signing has no predicate type and counts as this one. */
export const IMAGE_SIGNATURE_TYPE = 'https://sigstore.dev/cosign/sign/v1';
export const PROVENANCE_TYPES = ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'] as const;

/** The identity and issuer that a certificate must name, compared in full. */
export interface CertificateIdentity {
  readonly identity: string;
  readonly issuer: string;
}

/** The requirements on evidence. None is derived from the evidence itself. */
export interface Expectations {
  /** Accepted keys. */
  readonly keys: readonly VerificationKey[];
  /** Accepted certificate identities. */
  readonly identities: readonly CertificateIdentity[];
  /** Without one, certificates, log entries and timestamps do not count. */
  readonly trustedRoot?: TrustedRoot | undefined;
  /** Accepted predicate types; an image signature counts as {@link IMAGE_SIGNATURE_TYPE}. */
  readonly predicateTypes: readonly string[];
  /** Digests, hex by algorithm. Each must be among the payload's subjects, with all its algorithms. */
  readonly subjects: readonly Readonly<Record<string, string>>[];
  /** The number of logs that must hold an entry; several entries of one log count once. */
  readonly logs: number;
  /** The number of required timestamp authorities; several timestamps of one count once. */
  readonly timestamps: number;
  /** The current time. A signature without a witness is judged as if it were made now. */
  readonly now: Date;
  /** The time of a signature without a witness, if the caller knows it from its own source. */
  readonly signedAt?: Date | undefined;
}
