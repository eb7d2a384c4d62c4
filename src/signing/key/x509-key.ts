// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { keyType, SUPPORTED_KEYS } from '../signing-algorithm.ts';
import { SigningError } from '../signing-error.ts';
import type { KeySigner } from './key-signer.ts';
import { firstPemBlock } from './pem.ts';
import { type KeyFile, soundSigner } from './sound-signer.ts';

const REMEDY =
  'make one with "hallmark keygen" or "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", or convert yours with "openssl pkcs8 -topk8 -nocrypt"';

/**
 * The signer of an `x509.pem`: unencrypted PKCS#8 of an ECDSA key, always with SHA-256 as Chains signs; beyond Chains, of an RSA
 * key (PKCS#1 v1.5, SHA-256) or an Ed25519 key. @throws SigningError `KeyInvalid`
 */
export async function x509Signer(bytes: Uint8Array, file: KeyFile): Promise<KeySigner> {
  const block = firstPemBlock(Buffer.from(bytes).toString('latin1'));
  if (block === undefined) throw invalid(file, 'holds no PEM block');
  if (block.label !== 'PRIVATE KEY') {
    throw invalid(file, `begins with a PEM block "${block.label}" where "PRIVATE KEY" (unencrypted PKCS#8) is needed`);
  }
  const key = privateKey(block.body);
  if (key === undefined) throw invalid(file, 'holds a "PRIVATE KEY" block that is not a PKCS#8 key');
  const type = keyType(key);
  if (type === 'Unsupported') throw invalid(file, `holds a key that is not ${SUPPORTED_KEYS}`);
  return soundSigner(key, type === 'Ed25519' ? null : 'sha256', file);
}

function privateKey(der: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    // OpenSSL's error can quote what it parsed, so it goes no further.
    return undefined;
  }
}

function invalid(file: KeyFile, what: string): SigningError {
  return new SigningError('KeyInvalid', `${file.description} ${what}; ${REMEDY}`);
}
