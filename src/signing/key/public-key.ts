// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { keyType, SUPPORTED_KEYS } from '../signing-algorithm.ts';
import { SigningError } from '../signing-error.ts';
import type { KeyFile } from './key-file.ts';
import { firstPemBlock } from './pem.ts';

/** The key of a `cosign.pub` or `x509.pub`. @throws SigningError `KeyInvalid` */
export function publicKey(bytes: Uint8Array, file: KeyFile): KeyObject {
  const block = firstPemBlock(Buffer.from(bytes).toString('latin1'));
  const key = block?.label === 'PUBLIC KEY' ? subjectPublicKey(block.body) : undefined;
  if (key === undefined || keyType(key) === 'Unsupported') {
    const message = `${file.description} is not a PEM block "PUBLIC KEY" of a key that is ${SUPPORTED_KEYS}`;
    throw new SigningError('KeyInvalid', message);
  }
  return key;
}

/** undefined for what is no key, and for a point at infinity, which OpenSSL loads and cannot write again. */
function subjectPublicKey(der: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    key.export({ format: 'jwk' });
    return key;
  } catch {
    return undefined;
  }
}
