// SPDX-License-Identifier: Apache-2.0
import { cosignSigner } from './cosign-key.ts';
import { secretKeyFile } from './key-file.ts';
import type { KeySigner } from './key-signer.ts';
import { SigningError } from '../signing-error.ts';
import { x509Signer } from './x509-key.ts';

/**
 * The signer of a key Secret's data: `x509.pem` if there is one, even a bad one, else `cosign.key` with `cosign.password`.
 * Decrypting a cosign key takes a good part of a second, off the event loop.
 * @throws SigningError `KeyNotFound` or `KeyInvalid`, with a message that names the Secret, the entry and the remedy.
 */
export async function loadKeySigner(
  data: Readonly<Record<string, Uint8Array>>,
  secretName: string,
): Promise<KeySigner> {
  const x509 = data['x509.pem'];
  if (x509 !== undefined) return x509Signer(x509, secretKeyFile(secretName, 'x509.pem'));
  const cosign = data['cosign.key'];
  if (cosign === undefined) {
    const message = `Secret "${secretName}" has neither an entry "x509.pem" nor "cosign.key"; add one, with "cosign.password" for the latter`;
    throw new SigningError('KeyNotFound', message);
  }
  const password = data['cosign.password'];
  if (password === undefined) {
    const message = `Secret "${secretName}" has an entry "cosign.key" and no "cosign.password"; add its password, empty if it has none`;
    throw new SigningError('KeyNotFound', message);
  }
  return cosignSigner(cosign, password, secretKeyFile(secretName, 'cosign.key'));
}
