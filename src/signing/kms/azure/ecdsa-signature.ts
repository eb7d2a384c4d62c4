// SPDX-License-Identifier: Apache-2.0

/** The ASN.1 form (RFC 3279, 2.2.3) of an ECDSA signature that is r and s side by side, as Azure and JOSE write it. */
export function ecdsaSignature(raw: Uint8Array): Buffer {
  const half = raw.length / 2;
  if (raw.length === 0 || !Number.isInteger(half)) throw new TypeError('r and s are of equal length');
  const body = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))]);
  return Buffer.concat([Buffer.from([0x30, ...lengthOf(body.length)]), body]);
}

/** The shortest form of a positive number. */
function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Buffer.alloc(1) : Buffer.from(bytes.subarray(start));
  const padded = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits;
  return Buffer.concat([Buffer.from([0x02, ...lengthOf(padded.length)]), padded]);
}

function lengthOf(length: number): readonly number[] {
  return length < 0x80 ? [length] : [0x81, length];
}
