// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { digestOfCurve, keyType } from '../../signing-algorithm.ts';
import type { Digest } from '../../signing-algorithm.ts';

/** The algorithm that a vault signs with. */
export interface AzureAlgorithm {
  readonly name: 'ES256' | 'ES384' | 'ES512' | 'RS256' | 'RS384' | 'RS512';
  readonly digest: Digest;
  /** True if its signatures are r and s concatenated. */
  readonly isEcdsa: boolean;
}

const digestOfSize: Readonly<Record<number, Digest>> = { 2048: 'sha256', 3072: 'sha384', 4096: 'sha512' };
const ecdsaNames = { sha256: 'ES256', sha384: 'ES384', sha512: 'ES512' } as const;
const rsaNames = { sha256: 'RS256', sha384: 'RS384', sha512: 'RS512' } as const;

/** EC by the curve, RSA by the size; undefined for keys that verifiers of evidence do not take. */
export function azureAlgorithm(key: KeyObject): AzureAlgorithm | undefined {
  const type = keyType(key);
  if (type === 'Unsupported' || type === 'Ed25519') return undefined;
  if (type !== 'RSA') return { name: ecdsaNames[digestOfCurve[type]], digest: digestOfCurve[type], isEcdsa: true };
  const digest = digestOfSize[key.asymmetricKeyDetails?.modulusLength ?? 0];
  return digest === undefined ? undefined : { name: rsaNames[digest], digest, isEcdsa: false };
}
