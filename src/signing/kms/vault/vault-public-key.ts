// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { numberField, objectField, stringField } from '../../../json/fields.ts';
import { SigningError } from '../../signing-error.ts';
import type { KmsPublicKey } from '../kms-key.ts';

/** Versions published in addition to the active one. */
const MAX_EARLIER = 16;

/**
 * A version of a key out of what `GET transit/keys/NAME` gave: the pinned one, or the latest. Hashed with SHA-256 whatever the curve, as
 * the reference does; Ed25519 is not hashed.
 * @throws SigningError `KeyInvalid` for a key without a public half, `KeyNotFound` for a version that is not there
 */
export function vaultPublicKey(answer: unknown, pinned: number | undefined, uri: string): KmsPublicKey {
  const data = objectField(answer, 'data');
  const version = pinned ?? numberField(data, 'latest_version');
  const versions = objectField(data, 'keys');
  if (version === undefined) throw new TypeError('the server states no latest version');
  const entry = versions[String(version)];
  if (entry === undefined)
    throw new SigningError('KeyNotFound', `key ${uri} has no version ${version} (any more): name another`);
  const key = publicHalf(entry);
  if (key === undefined) {
    const message = `key ${uri} is of type "${stringField(data, 'type') ?? 'unknown'}", which does not sign: name one of type ecdsa-p256, rsa-3072 or ed25519`;
    throw new SigningError('KeyInvalid', message);
  }
  const others = Object.keys(versions).filter((name) => name !== String(version));
  const newestFirst = others.toSorted((one, other) => Number(other) - Number(one)).slice(0, MAX_EARLIER);
  return {
    key,
    digest: key.asymmetricKeyType === 'ed25519' ? null : 'sha256',
    version: String(version),
    earlier: newestFirst.flatMap((name) => publicHalf(versions[name]) ?? []),
  };
}

/** PEM, or of Ed25519 the bare 32 bytes as base64. */
function publicHalf(entry: unknown): KeyObject | undefined {
  const text = stringField(entry, 'public_key');
  if (text === undefined || text === '') return undefined;
  if (text.includes('-----BEGIN')) return createPublicKey(text);
  const x = Buffer.from(text, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
