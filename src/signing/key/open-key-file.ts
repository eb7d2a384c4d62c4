// SPDX-License-Identifier: Apache-2.0
import type { KeySigner } from './key-signer.ts';
import { SigningError } from '../signing-error.ts';
import { cosignSigner } from './cosign-key.ts';
import { localKeyFile } from './key-file.ts';
import { firstPemBlock } from './pem.ts';
import { x509Signer } from './x509-key.ts';

/**
 * The signer of a key in a file, told by its PEM label: PKCS#8, or cosign's encryption.
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
  const given = await password();
  if (given === undefined) {
    throw new SigningError('KeyNotFound', `${path} is encrypted: give its password by ${file.password}`);
  }
  return cosignSigner(bytes, given, file);
}
