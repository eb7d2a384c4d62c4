// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/evidence.ts';

/** Something a payload is about, as in-toto's ResourceDescriptor: a name and its digests, hex by algorithm. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

export type ArtifactType = EvidenceArtifact['type'];
/**
 * `InTotoStatement`: provenance. `SimpleSigning`: the payload of cosign's `.sig` layers, signed as it is. `SigstoreStatement`: the
 * in-toto statement that cosign 3 makes of an image signature, for bundles.
 */
export type ArtifactForm = EvidenceArtifact['form'];

/** An artifact whose payload is known and which no key has signed yet. */
export interface Artifact {
  /** The name in the record: `attestation`, or `image-` and 12 hex digits. */
  readonly name: string;
  readonly type: ArtifactType;
  readonly form: ArtifactForm;
  /** Media type of the payload, as DSSE names it. */
  readonly payloadType: string;
  /** The exact bytes that are signed (for a statement: inside the pre-authentication encoding). */
  readonly payload: Buffer;
  readonly subjects: readonly Subject[];
}

/** An artifact with its one signature and what witnessed it. What every storage driver receives. */
export interface SignedArtifact extends Artifact {
  /** Raw signature bytes over {@link signedBytes}; ASN.1 DER for ECDSA, 64 bytes for Ed25519. */
  readonly signature: Buffer;
  /** OpenSSH fingerprint of the public key, `SHA256:…`. */
  readonly keyID: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Of a keyless signature. */
  readonly certificate?: ArtifactCertificate;
  /** Where transparency logs took it; absent when none did. */
  readonly logEntries?: readonly LogEntry[];
  /** When timestamp authorities saw it; absent when none did. */
  readonly timestamps?: readonly Timestamp[];
}

/** The certificate of a keyless signature. */
export type ArtifactCertificate = NonNullable<EvidenceArtifact['certificate']>;
/** An entry of a transparency log. */
export type LogEntry = NonNullable<EvidenceArtifact['logEntries']>[number];
/** A timestamp authority's RFC 3161 response for a signature. */
export type Timestamp = NonNullable<EvidenceArtifact['timestamps']>[number];
