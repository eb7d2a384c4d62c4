// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { encryptCosignKey } from '../../signing/key/cosign-key-file.ts';
import { sshKeyID } from '../../signing/ssh-key-id.ts';
import type { Algorithm, KeyFormat } from './key-algorithms.ts';

/** A new key as the entries of its Secret. */
export interface NewKey {
  /** The OpenSSH fingerprint, as in envelopes. */
  readonly keyID: string;
  /** The Secret's entry with the private key. */
  readonly privateEntry: { readonly name: 'cosign.key' | 'x509.pem'; readonly text: string };
  readonly publicEntry: { readonly name: 'cosign.pub' | 'x509.pub'; readonly text: string };
  /** The password of a cosign key. */
  readonly password?: Uint8Array;
}

const RSA_BITS = 3072;
const generate = promisify(generateKeyPair);

/** Generates a key pair. @param password the password of a cosign key; unused for x509, which is not encrypted */
export async function newKey(algorithm: Algorithm, format: KeyFormat, password: Uint8Array): Promise<NewKey> {
  const { privateKey, publicKey } = await generated(algorithm);
  const keyID = sshKeyID(publicKey);
  const publicText = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  if (format === 'x509') {
    const text = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { keyID, privateEntry: { name: 'x509.pem', text }, publicEntry: { name: 'x509.pub', text: publicText } };
  }
  const text = await encryptCosignKey(privateKey, password);
  const publicEntry = { name: 'cosign.pub', text: publicText } as const;
  return { keyID, privateEntry: { name: 'cosign.key', text }, publicEntry, password };
}

function generated(algorithm: Algorithm): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  switch (algorithm) {
    case 'p256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'p384':
      return generate('ec', { namedCurve: 'P-384' });
    case 'p521':
      return generate('ec', { namedCurve: 'P-521' });
    case 'rsa':
      return generate('rsa', { modulusLength: RSA_BITS });
    case 'ed25519':
      return generate('ed25519');
  }
}
