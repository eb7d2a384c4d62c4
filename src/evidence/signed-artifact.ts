// SPDX-License-Identifier: Apache-2.0

/** Something a payload is about, as in-toto's ResourceDescriptor: a name and its digests, hex by algorithm. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

export type ArtifactType = 'Attestation' | 'ImageSignature';
export type ArtifactForm = 'InTotoStatement' | 'SimpleSigning';

/** An artifact whose payload is known and which no key has signed yet. */
export interface UnsignedArtifact {
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

/** An artifact with its one signature. What every storage driver receives. */
export interface SignedArtifact extends UnsignedArtifact {
  /** Raw signature bytes over {@link signedBytes}; ASN.1 DER for ECDSA, 64 bytes for Ed25519. */
  readonly signature: Buffer;
  /** OpenSSH fingerprint of the public key, `SHA256:…`. */
  readonly keyID: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
}
