// SPDX-License-Identifier: Apache-2.0
import { constants, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

type Hash = 'sha256' | 'sha384' | 'sha512';

/** PEM keys sign SHA-256 on every curve; cosign's keys sign the curve's own hash. */
const hashesOfCurve: Readonly<Record<string, readonly Hash[]>> = {
  prime256v1: ['sha256'],
  secp384r1: ['sha384', 'sha256'],
  secp521r1: ['sha512', 'sha256'],
};
const RSA_HASHES: readonly Hash[] = ['sha256', 'sha384', 'sha512'];
const MIN_RSA_BITS = 2048;

/** Check whether the key made the signature over these bytes. Unsupported types of keys verify nothing. */
export function isSignedBy(key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  try {
    return isSigned(key, signed, signature);
  } catch {
    // Node throws for malformed signatures.
    return false;
  }
}

function isSigned(key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return verify(null, signed, key, signature);
    case 'ec':
      return (hashesOfCurve[namedCurve] ?? []).some((hash) => verify(hash, signed, key, signature));
    case 'rsa':
      if (modulusLength < MIN_RSA_BITS) return false;
      return RSA_HASHES.some((hash) => verify(hash, signed, key, signature) || isPss(key, hash, signed, signature));
    default:
      return false;
  }
}

/** Check a PSS signature of a cloud key service, whose salt is as long as the hash. */
function isPss(key: KeyObject, hash: Hash, signed: Buffer, signature: Buffer): boolean {
  const options = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return verify(hash, signed, { key, ...options }, signature);
}
