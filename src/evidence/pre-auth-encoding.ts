// SPDX-License-Identifier: Apache-2.0

/** DSSE v1 pre-authentication encoding: what a DSSE signature is made over. Lengths are decimal byte counts. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8');
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}
