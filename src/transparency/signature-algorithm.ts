// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { PublicKeyDetails } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { signedBytes } from '../evidence/signed-bytes.ts';

export type Hash = 'sha256' | 'sha384' | 'sha512';

/** The algorithm of a signature, which logs need to know. */
export interface SignatureAlgorithm {
  /** Undefined for Ed25519, which signs the whole message. */
  readonly hash: Hash | undefined;
  /** Undefined for pairs of key and hash that tiled logs cannot name, such as P-384 with SHA-256. */
  readonly keyDetails: PublicKeyDetails | undefined;
}

const hashes: readonly Hash[] = ['sha256', 'sha384', 'sha512'];

const details: Readonly<Partial<Record<string, PublicKeyDetails>>> = {
  'prime256v1 sha256': PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
  'secp384r1 sha384': PublicKeyDetails.PKIX_ECDSA_P384_SHA_384,
  'secp521r1 sha512': PublicKeyDetails.PKIX_ECDSA_P521_SHA_512,
  '2048 sha256': PublicKeyDetails.PKIX_RSA_PKCS1V15_2048_SHA256,
  '3072 sha256': PublicKeyDetails.PKIX_RSA_PKCS1V15_3072_SHA256,
  '4096 sha256': PublicKeyDetails.PKIX_RSA_PKCS1V15_4096_SHA256,
};

/** Finds the algorithm by verifying, because an artifact does not state its hash. Undefined if no algorithm that logs know verifies. */
export function signatureAlgorithm(artifact: SignedArtifact): SignatureAlgorithm | undefined {
  const key = createPublicKey(artifact.publicKey);
  const bytes = signedBytes(artifact);
  if (key.asymmetricKeyType === 'ed25519') {
    const isSigned = verify(null, bytes, key, artifact.signature);
    return isSigned ? { hash: undefined, keyDetails: PublicKeyDetails.PKIX_ED25519 } : undefined;
  }
  const hash = hashes.find((candidate) => isSignedWith(candidate, bytes, key, artifact.signature));
  if (hash === undefined) return undefined;
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  return { hash, keyDetails: details[`${namedCurve ?? String(modulusLength)} ${hash}`] };
}

function isSignedWith(hash: Hash, bytes: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(hash, bytes, key, signature);
  } catch {
    // Node throws for malformed signatures.
    return false;
  }
}
