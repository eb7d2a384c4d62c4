// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';

export type Curve = 'P-256' | 'P-384' | 'P-521';
export type Digest = 'sha256' | 'sha384' | 'sha512';

/** What a private key is: a NIST curve, Ed25519, or something that is not signed with here. */
export type KeyType = Curve | 'Ed25519' | 'Unsupported';

const names: Readonly<Record<string, Curve>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

export function keyType(key: KeyObject): KeyType {
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyType !== 'ec') return 'Unsupported';
  return names[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'Unsupported';
}

/** Cosign's rule for its own keys: the hash that goes with the curve. */
export const digestOfCurve: Readonly<Record<Curve, Digest>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
};
