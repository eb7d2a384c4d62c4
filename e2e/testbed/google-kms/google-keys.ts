// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { protos } from '@google-cloud/kms';
import { crc32c } from '../../../src/signing/kms/google/crc32c.ts';
import { ecdsaSignature } from '../../../src/signing/kms/azure/ecdsa-signature.ts';
import { ecdsaRaw, rsaPkcs1, rsaPss } from './sign-digest.ts';

const { CryptoKeyVersionAlgorithm, CryptoKeyVersionState } = protos.google.cloud.kms.v1.CryptoKeyVersion;
export type GoogleAlgorithmName = keyof typeof CryptoKeyVersionAlgorithm;
export type GoogleState = keyof typeof CryptoKeyVersionState;

/** One version of a key, with a real private key. */
export class GoogleKeyVersion {
  readonly name: string;
  readonly algorithm: GoogleAlgorithmName;
  readonly privateKey: KeyObject;
  state: GoogleState = 'ENABLED';

  constructor(name: string, algorithm: GoogleAlgorithmName) {
    this.name = name;
    this.algorithm = algorithm;
    this.privateKey = newKey(algorithm);
  }

  /** A CryptoKeyVersion of the REST API, with numbers for enums, as the client library asks. */
  resource(): object {
    const { name } = this;
    return {
      name,
      state: CryptoKeyVersionState[this.state],
      algorithm: CryptoKeyVersionAlgorithm[this.algorithm],
      createTime: '2026-01-01T00:00:00Z',
    };
  }

  publicKey(): object {
    const pem = createPublicKey(this.privateKey).export({ format: 'pem', type: 'spki' }).toString();
    const algorithm = CryptoKeyVersionAlgorithm[this.algorithm];
    return { pem, algorithm, pemCrc32c: String(crc32c(Buffer.from(pem))), name: this.name };
  }

  /** The hash that the algorithm takes; undefined for Ed25519, which takes the data. */
  get hash(): string | undefined {
    return /SHA(256|384|512)/.exec(this.algorithm)?.[0].toLowerCase();
  }

  /** Over a digest that the client made, or over data for Ed25519. */
  sign(input: Buffer): Buffer {
    const { hash, privateKey, algorithm } = this;
    if (hash === undefined) return sign(null, input, privateKey);
    if (algorithm.startsWith('EC')) return ecdsaSignature(ecdsaRaw(privateKey, input));
    return algorithm.includes('PSS') ? rsaPss(privateKey, hash, input) : rsaPkcs1(privateKey, hash, input);
  }
}

const curves: Readonly<Record<string, string>> = { P256: 'P-256', P384: 'P-384', SECP256K1: 'secp256k1' };

function newKey(algorithm: GoogleAlgorithmName): KeyObject {
  if (algorithm === 'EC_SIGN_ED25519') return generateKeyPairSync('ed25519').privateKey;
  const namedCurve = curves[/^EC_SIGN_([A-Z0-9]+)_/.exec(algorithm)?.[1] ?? ''];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve }).privateKey;
  const modulusLength = Number(/_(2048|3072|4096)/.exec(algorithm)?.[1] ?? 2048);
  return generateKeyPairSync('rsa', { modulusLength }).privateKey;
}
