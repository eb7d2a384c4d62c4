// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { digestOfCurve, keyType } from '../../signing/signing-algorithm.ts';
import type { Digest } from '../../signing/signing-algorithm.ts';

/** Hashes that signers use with RSA keys by their size. */
const digestOfSize: Readonly<Record<number, Digest>> = { 3072: 'sha384', 4096: 'sha512' };

/**
 * Lists the hashes that a key may have signed with. A policy publishes the key alone; keys from PEM sign with SHA-256, and those of cosign
 * and of some services with the hash that fits their size.
 */
export function keyHashes(publicKey: string): readonly Digest[] {
  const key = createPublicKey(publicKey);
  const type = keyType(key);
  const other =
    type === 'RSA'
      ? digestOfSize[key.asymmetricKeyDetails?.modulusLength ?? 0]
      : type === 'P-384' || type === 'P-521'
        ? digestOfCurve[type]
        : undefined;
  return other === undefined ? ['sha256'] : ['sha256', other];
}
