// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** SSH's name and the coordinate length in bytes of each curve node:crypto names (RFC 5656 §6.1). */
const curves: Readonly<Record<string, { readonly ssh: string; readonly sizeBytes: number }>> = {
  'P-256': { ssh: 'nistp256', sizeBytes: 32 },
  'P-384': { ssh: 'nistp384', sizeBytes: 48 },
  'P-521': { ssh: 'nistp521', sizeBytes: 66 },
};

/**
 * The DSSE key id that Chains writes: the OpenSSH fingerprint of the public key, `SHA256:` and unpadded base64.
 * @throws TypeError for a key that is neither ECDSA on a NIST curve, RSA nor Ed25519.
 */
export function sshKeyID(publicKey: KeyObject): string {
  const digest = createHash('sha256').update(wireForm(publicKey)).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

function wireForm(publicKey: KeyObject): Buffer {
  const { kty, crv = '', x = '', y = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
  if (kty === 'RSA') return Buffer.concat([sshString('ssh-rsa'), multiplePrecision(e), multiplePrecision(n)]);
  if (crv === 'Ed25519') return Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.from(x, 'base64url'))]);
  const curve = curves[crv];
  if (curve === undefined) throw new TypeError('only ECDSA (P-256, P-384, P-521), RSA and Ed25519 keys have a key id');
  const point = Buffer.concat([Buffer.from([4]), coordinate(x, curve.sizeBytes), coordinate(y, curve.sizeBytes)]);
  return Buffer.concat([sshString(`ecdsa-sha2-${curve.ssh}`), sshString(curve.ssh), sshString(point)]);
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** SSH's mpint (RFC 4251 §5) of an unsigned integer: a leading zero where its highest bit would read as a sign. */
function multiplePrecision(value: string): Buffer {
  const bytes = Buffer.from(value, 'base64url');
  const [first = 0] = bytes;
  return sshString(first >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

function coordinate(value: string, sizeBytes: number): Buffer {
  const bytes = Buffer.from(value, 'base64url');
  return Buffer.concat([Buffer.alloc(Math.max(0, sizeBytes - bytes.length)), bytes]);
}
