// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';

const P256 = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex');
const RSA = Buffer.from('300d06092a864886f70d0101010500', 'hex');
/** The number of points of P-256. */
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const RSA_NUMBERS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
const ZERO = Buffer.alloc(1);

/** PKCS#8 of keys that OpenSSL loads although they make no valid signature, or none at all. */
export function unsoundKeys(): Readonly<Record<string, Buffer>> {
  const [ec, otherEc] = [newKey('ec'), newKey('ec')];
  const [rsa, otherRsa] = [newKey('rsa'), newKey('rsa')];
  const rsaWith = (changes: Readonly<Record<string, Buffer>>): Buffer => rsaKey({ ...numbersOf(rsa), ...changes });
  const { n = ZERO } = numbersOf(rsa);
  return {
    'the public half of another key': ecKey(bytes(ec.d), pointOf(otherEc)),
    'a secret number of zero': ecKey(Buffer.alloc(32), pointOf(ec)),
    'a secret number of zero, without a public half': ecKey(Buffer.alloc(32)),
    'the order of the curve for a secret number': ecKey(ORDER),
    'all of another RSA key but the modulus': rsaKey({ ...numbersOf(otherRsa), n }),
    'RSA with zeros for its factors': rsaWith({ d: ZERO, p: ZERO, q: ZERO, dp: ZERO, dq: ZERO, qi: ZERO }),
    'RSA with an even modulus': rsaWith({ n: Buffer.concat([bytes(rsa.n).subarray(0, -1), ZERO]) }),
    'RSA with the exponent 1': rsaWith({ e: Buffer.from([1]) }),
  };
}

/** The content of an `x509.pem`. */
export function pkcs8Pem(key: Buffer): Buffer {
  return Buffer.from(`-----BEGIN PRIVATE KEY-----\n${key.toString('base64')}\n-----END PRIVATE KEY-----\n`);
}

function newKey(type: 'ec' | 'rsa'): JsonWebKey {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'jwk' });
}

function ecKey(secret: Buffer, point?: Buffer): Buffer {
  const half = point === undefined ? [] : [der(0xa1, der(3, ZERO, point))];
  return pkcs8(P256, der(0x30, der(2, Buffer.from([1])), der(4, secret), ...half));
}

function rsaKey(numbers: Readonly<Record<string, Buffer>>): Buffer {
  return pkcs8(RSA, der(0x30, integer(ZERO), ...RSA_NUMBERS.map((name) => integer(numbers[name] ?? ZERO))));
}

function pkcs8(algorithm: Buffer, key: Buffer): Buffer {
  return der(0x30, integer(ZERO), algorithm, der(4, key));
}

function pointOf({ x, y }: JsonWebKey): Buffer {
  return Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
}

function numbersOf(key: JsonWebKey): Readonly<Record<string, Buffer>> {
  return Object.fromEntries(RSA_NUMBERS.map((name) => [name, bytes(key[name])]));
}

function bytes(text = ''): Buffer {
  return Buffer.from(text, 'base64url');
}

function integer(value: Buffer): Buffer {
  return der(2, (value[0] ?? 0) >= 0x80 ? Buffer.concat([ZERO, value]) : value);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}
