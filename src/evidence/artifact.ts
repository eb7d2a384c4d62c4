// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/evidence.ts';

/** An in-toto ResourceDescriptor: a name and its digests, lower-case hex by algorithm. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

export type ArtifactType = EvidenceArtifact['type'];
/**
 * `InTotoStatement`: provenance. `SimpleSigning`: the payload of cosign's `.sig` layers, signed without an envelope.
 * `SigstoreStatement`: the in-toto statement that cosign 3 signs for an image, stored in a bundle.
 */
export type ArtifactForm = EvidenceArtifact['form'];
/** The certificate of a keyless signature. */
export type ArtifactCertificate = NonNullable<EvidenceArtifact['certificate']>;
/** An entry of a transparency log. */
export type LogEntry = NonNullable<EvidenceArtifact['logEntries']>[number];
/** A timestamp authority's RFC 3161 response for a signature. */
export type Timestamp = NonNullable<EvidenceArtifact['timestamps']>[number];

/**
 * A payload and its signature, in memory: the one type from making the payload to storing and verifying the evidence. Each step fills in
 * more of the optional fields. `toEvidenceArtifact` and `fromEvidenceArtifact` convert it to and from a record's form.
 */
export interface Artifact {
  /** Unique within a run: `attestation`, or `image-` or `image-statement-` and 12 hex digits of the SHA-256 of the image's full name. */
  readonly name: string;
  readonly type: ArtifactType;
  readonly form: ArtifactForm;
  /** Media type of the payload, for the DSSE envelope. */
  readonly payloadType: string;
  /** The payload bytes; the signature is over {@link signedBytes}. */
  readonly payload: Buffer;
  readonly subjects: readonly Subject[];
  /** One sentence for each thing that the payload leaves out. */
  readonly warnings?: readonly string[];
  /** Raw signature over {@link signedBytes}: ASN.1 DER for ECDSA, 64 bytes for Ed25519. */
  readonly signature?: Buffer;
  /** OpenSSH fingerprint of the public key, `SHA256:…`. */
  readonly keyID?: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey?: string;
  readonly certificate?: ArtifactCertificate;
  /** The witnesses that the policy required when the artifact was signed. */
  readonly witnesses?: NonNullable<EvidenceArtifact['witnesses']>;
  readonly logEntries?: readonly LogEntry[];
  /** The reason why there is no log entry, where the policy says StoreWithout. */
  readonly logFailure?: string;
  readonly timestamps?: readonly Timestamp[];
}

/** An artifact that a record holds or is about to hold. */
export interface RecordedArtifact extends Artifact {
  /** metadata.generation of the policy that the payload was made under. */
  readonly policyGeneration: number;
}

/** An artifact with a signature. Storage drivers and verifiers take only these. */
export interface SignedArtifact extends Artifact {
  readonly signature: Buffer;
  readonly keyID: string;
  readonly publicKey: string;
}

/** A signed artifact whose payload its record has dropped: the digest says which payload it is. */
export interface PayloadlessArtifact extends Omit<SignedArtifact, 'payload' | 'subjects'> {
  readonly payload?: undefined;
  /** `sha256:` and 64 hex digits. */
  readonly payloadDigest: string;
}
