// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import tweetnacl from 'tweetnacl';
import type { CosignKeyFile } from './cosign-key-file.ts';
import { deriveKey } from './scrypt.ts';

const LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
/** What cosign writes by default. */
const COST = { N: 65_536, r: 8, p: 1 } as const;
const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const LINE = /.{1,64}/g;

/** A private key as `cosign generate-key-pair` writes it to `cosign.key`, encrypted with the password's exact bytes. */
export async function encryptCosignKey(key: KeyObject, password: Uint8Array): Promise<string> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const secret = await deriveKey(password, salt, COST);
  const der = key.export({ format: 'der', type: 'pkcs8' });
  const file: CosignKeyFile = {
    kdf: { name: 'scrypt', params: COST, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(tweetnacl.secretbox(der, nonce, secret)).toString('base64'),
  };
  const lines = Buffer.from(JSON.stringify(file)).toString('base64').match(LINE) ?? [];
  return [`-----BEGIN ${LABEL}-----`, ...lines, `-----END ${LABEL}-----`, ''].join('\n');
}
