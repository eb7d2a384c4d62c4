// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';

export type Curve = 'P-256' | 'P-384' | 'P-521';
export type Digest = 'sha256' | 'sha384' | 'sha512';

/** The type of a key: a NIST curve, RSA of a size that verifiers accept, Ed25519, or unsupported. */
export type KeyType = Curve | 'RSA' | 'Ed25519' | 'Unsupported';

const names: Readonly<Record<string, Curve>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const rsaSizes: readonly (number | undefined)[] = [2048, 3072, 4096];

/** The type of a private or public key. */
export function keyType({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyType {
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (asymmetricKeyType === 'rsa')
    return rsaSizes.includes(asymmetricKeyDetails?.modulusLength) ? 'RSA' : 'Unsupported';
  if (asymmetricKeyType !== 'ec') return 'Unsupported';
  return names[asymmetricKeyDetails?.namedCurve ?? ''] ?? 'Unsupported';
}

/** The keys that {@link keyType} knows, for messages. */
export const SUPPORTED_KEYS = 'ECDSA (P-256, P-384, P-521), RSA (2048, 3072, 4096 bits) or Ed25519';

/** Cosign's rule for its own keys: the hash that goes with the curve. */
export const digestOfCurve: Readonly<Record<Curve, Digest>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
};
