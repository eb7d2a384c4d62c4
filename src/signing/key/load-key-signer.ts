// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../signing-error.ts';
import type { KeySigner } from './key-signer.ts';
import { firstPemBlock } from './pem.ts';
import type { KeyFile } from './sound-signer.ts';
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
  return openCosignKey(cosign, password, secretKeyFile(secretName, 'cosign.key'));
}

/**
 * The signer of a key in a file, by its PEM label: PKCS#8, or cosign's encryption.
 * @param password asked for if the key is encrypted
 * @throws SigningError `KeyInvalid`, or `KeyNotFound` when an encrypted key comes without a password
 */
export async function openKeyFile(
  path: string,
  bytes: Uint8Array,
  password: () => Promise<Uint8Array | undefined>,
): Promise<KeySigner> {
  const file = localKeyFile(path);
  const label = firstPemBlock(Buffer.from(bytes).toString('latin1'))?.label ?? '';
  if (!/^ENCRYPTED (COSIGN|SIGSTORE) PRIVATE KEY$/.test(label)) return x509Signer(bytes, file);
  const passwordBytes = await password();
  if (passwordBytes === undefined) {
    throw new SigningError('KeyNotFound', `${path} is encrypted: give its password by ${file.password}`);
  }
  return openCosignKey(bytes, passwordBytes, file);
}

/** The modules that decrypt cosign's keys are loaded for the first of them: other keys need none of that. */
async function openCosignKey(bytes: Uint8Array, password: Uint8Array, file: KeyFile): Promise<KeySigner> {
  const { cosignSigner } = await import('./cosign-key.ts');
  return cosignSigner(bytes, password, file);
}

/** An entry of a Secret. */
export function secretKeyFile(secretName: string, entry: string): KeyFile {
  return { description: `entry "${entry}" of Secret "${secretName}"`, password: 'entry "cosign.password"' };
}

/** A file on the user's disk. */
function localKeyFile(path: string): KeyFile {
  return { description: path, password: '--password-file, --password-prompt or $COSIGN_PASSWORD' };
}
