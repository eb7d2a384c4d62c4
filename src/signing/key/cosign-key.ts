// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import tweetnacl from 'tweetnacl';
import { digestOfCurve, keyType, SUPPORTED_KEYS } from '../signing-algorithm.ts';
import { SigningError } from '../signing-error.ts';
import { type CosignKeyFile, deriveKey, parseCosignKeyFile } from './cosign-key-file.ts';
import type { KeySigner } from './key-signer.ts';
import { firstPemBlock } from './pem.ts';
import { type KeyFile, soundSigner } from './sound-signer.ts';

const LABELS = ['ENCRYPTED COSIGN PRIVATE KEY', 'ENCRYPTED SIGSTORE PRIVATE KEY'];
const NONCE_BYTES = 24;

/**
 * The signer of cosign's encrypted key pair. The password is taken byte for byte. An Ed25519 key signs as Ed25519, although Chains
 * and cosign's own attest-blob sign with it as Ed25519ph: cosign verifies the former by public key and refuses the latter.
 * @throws SigningError `KeyInvalid`
 */
export async function cosignSigner(bytes: Uint8Array, password: Uint8Array, file: KeyFile): Promise<KeySigner> {
  const block = firstPemBlock(Buffer.from(bytes).toString('latin1'));
  if (block === undefined || !LABELS.includes(block.label)) {
    throw invalid(file, `is not a PEM block "${LABELS.join('" or "')}"; make one with "cosign generate-key-pair"`);
  }
  const encrypted = parseCosignKeyFile(block.body);
  if (encrypted === undefined) {
    throw invalid(
      file,
      'is not cosign\'s encryption (scrypt with N of 32768, 65536 or 131072, and nacl/secretbox); make one with "cosign generate-key-pair"',
    );
  }
  const der = await decrypted(encrypted, password);
  if (der === undefined) throw invalid(file, `cannot be decrypted; check that ${file.password} is its exact password`);
  return signerOf(privateKey(der), file);
}

async function signerOf(key: KeyObject | undefined, file: KeyFile): Promise<KeySigner> {
  const type = key === undefined ? 'Unsupported' : keyType(key);
  if (key === undefined || type === 'Unsupported') {
    throw invalid(file, `holds no key that is ${SUPPORTED_KEYS}; make one with "hallmark keygen"`);
  }
  if (type === 'Ed25519') return soundSigner(key, null, file);
  return soundSigner(key, type === 'RSA' ? 'sha256' : digestOfCurve[type], file);
}

async function decrypted(file: CosignKeyFile, password: Uint8Array): Promise<Uint8Array | undefined> {
  const nonce = Buffer.from(file.cipher.nonce, 'base64');
  if (nonce.length !== NONCE_BYTES) return undefined;
  const key = await deriveKey(password, Buffer.from(file.kdf.salt, 'base64'), file.kdf.params);
  return tweetnacl.secretbox.open(Buffer.from(file.ciphertext, 'base64'), nonce, key) ?? undefined;
}

function privateKey(der: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

function invalid(file: KeyFile, what: string): SigningError {
  return new SigningError('KeyInvalid', `${file.description} ${what}`);
}
