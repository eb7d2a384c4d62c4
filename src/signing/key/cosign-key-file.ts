// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import tweetnacl from 'tweetnacl';
import Type from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../json/try-parse-json.ts';

const Schema = Type.Object({
  kdf: Type.Object({
    name: Type.Literal('scrypt'),
    params: Type.Object({
      // The three costs cosign has written; anything else could be a Secret made to exhaust the operator's memory.
      N: Type.Union([Type.Literal(32768), Type.Literal(65536), Type.Literal(131072)]),
      r: Type.Literal(8),
      p: Type.Literal(1),
    }),
    salt: Type.String({ maxLength: 1024 }),
  }),
  cipher: Type.Object({ name: Type.Literal('nacl/secretbox'), nonce: Type.String({ maxLength: 64 }) }),
  ciphertext: Type.String({ maxLength: 16_384 }),
});

const validator = Compile(Schema);

/** The JSON inside cosign's encrypted key PEM (go-securesystemslib `encrypted`). Byte fields are base64. */
export type CosignKeyFile = Static<typeof Schema>;

/** undefined when the bytes are not such a file, or one with parameters that cosign never writes. */
export function parseCosignKeyFile(bytes: Buffer): CosignKeyFile | undefined {
  const value = tryParseJson(bytes);
  return validator.Check(value) ? value : undefined;
}

/** Costs of scrypt as cosign writes them. */
interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const KEY_BYTES = 32;

const scryptAsync = promisify(
  (password: Uint8Array, salt: Uint8Array, cost: ScryptCost, callback: (error: Error | null, key: Buffer) => void) => {
    // scrypt needs 128 * N * r bytes; Node requires the bound.
    scrypt(password, salt, KEY_BYTES, { ...cost, maxmem: 130 * cost.N * cost.r + 1024 * 1024 }, callback);
  },
);

/** One derivation takes up to 128 MiB, and the process has one memory: they go one after the other. */
let derivations: Promise<unknown> = Promise.resolve();

/** The key that a password stands for, off the event loop. */
export async function deriveKey(password: Uint8Array, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const derivation = derivations.then(() => scryptAsync(password, salt, cost));
  derivations = derivation.catch(() => undefined);
  return derivation;
}

const LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
/** The costs that cosign writes by default. */
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
