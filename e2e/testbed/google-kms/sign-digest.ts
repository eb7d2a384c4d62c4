// SPDX-License-Identifier: Apache-2.0
import { constants, createECDH, createHash, privateEncrypt, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A curve's order and size, needed to sign a given hash: Node's `sign` always hashes its input. */
interface CurveOrder {
  readonly order: bigint;
  readonly bytes: number;
}

const curves: Readonly<Record<string, CurveOrder>> = {
  prime256v1: { order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n, bytes: 32 },
  secp384r1: {
    order: BigInt(`0x${'f'.repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`),
    bytes: 48,
  },
  secp521r1: {
    order: BigInt(`0x1${'f'.repeat(64)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`),
    bytes: 66,
  },
};

/** ECDSA (FIPS 186-5, 6.4.1) over a digest: r and s, each as long as the curve's order. */
export function ecdsaRaw(key: KeyObject, digest: Buffer): Buffer {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const { order, bytes } = curves[curve] ?? { order: 0n, bytes: 0 };
  if (order === 0n) throw new Error(`no signatures on ${curve}`);
  const ephemeral = createECDH(curve);
  const point = ephemeral.generateKeys();
  const r = number(point.subarray(1, 1 + bytes)) % order;
  const secret = number(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const z = number(digest.subarray(0, bytes));
  const s = (inverse(number(ephemeral.getPrivateKey()), order) * (z + r * secret)) % order;
  return Buffer.concat([fixed(r, bytes), fixed(s, bytes)]);
}

/** RSASSA-PSS (RFC 8017, 8.1.1) over a digest, with a salt as long as it. */
export function rsaPss(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const length = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const salt = randomBytes(digest.length);
  const h = createHash(hash)
    .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
    .digest();
  const db = Buffer.concat([Buffer.alloc(length - 2 * digest.length - 2), Buffer.from([1]), salt]);
  const masked = xor(db, mask(hash, h, db.length));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const encoded = Buffer.concat([masked, h, Buffer.from([0xbc])]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

/** DigestInfo (RFC 8017, 9.2) up to the digest. */
const DIGEST_INFO: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** RSASSA-PKCS1-v1_5 over a digest. */
export function rsaPkcs1(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const info = Buffer.concat([Buffer.from(DIGEST_INFO[hash] ?? '', 'hex'), digest]);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
}

function mask(hash: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; Buffer.concat(blocks).length < length; counter += 1) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    blocks.push(createHash(hash).update(seed).update(count).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function xor(left: Buffer, right: Buffer): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex') || '0'}`);
}

function fixed(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
}

/** By Fermat: the order is prime. */
function inverse(value: bigint, order: bigint): bigint {
  let result = 1n;
  let base = value % order;
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}
