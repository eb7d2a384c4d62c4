// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';

/** A team's key pair, as openssl makes it. */
export interface SigningKey {
  /** PKCS#8, PEM. */
  readonly privateKey: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
}

/** A fresh ECDSA P-256 key pair. */
export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
