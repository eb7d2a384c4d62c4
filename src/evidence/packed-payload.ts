// SPDX-License-Identifier: Apache-2.0
import { promisify } from 'node:util';
import { constants, gunzipSync, gzip, gzipSync } from 'node:zlib';
import { MAX_PAYLOAD_LENGTH } from '../api/v1alpha1/provenance-record/evidence.ts';
import { EvidenceError } from './evidence-error.ts';

/** The largest payload to pack, and to unpack: a small text could unpack to gigabytes. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** The text that a payload was packed to or unpacked from, so that a record keeps exactly that text. */
const packedTexts = new WeakMap<Uint8Array, string>();

/** Packing less than this takes the event loop for a millisecond or two. */
const LARGE_BYTES = 64 * 1024;
const OPTIONS = { level: constants.Z_BEST_COMPRESSION };
const gzipInThread = promisify<Uint8Array, typeof OPTIONS, Buffer>(gzip);

const REMEDY = 'turn off deepInspection, or have the run state fewer and smaller results and parameters';

/** Pack a payload as gzip in base64, for a record. @throws EvidenceError `PayloadTooLarge` above the record's limit */
export function packPayload(payload: Uint8Array): string {
  if (payload.length > MAX_PAYLOAD_BYTES) throw tooLarge();
  const packed = packedTexts.get(payload) ?? gzipSync(payload, OPTIONS).toString('base64');
  packedTexts.set(payload, packed);
  if (packed.length <= MAX_PAYLOAD_LENGTH) return packed;
  throw new EvidenceError(
    'PayloadTooLarge',
    `the payload packs to ${packed.length} bytes and a record takes ${MAX_PAYLOAD_LENGTH}: ${REMEDY}`,
  );
}

/** True when packing the payload takes the event loop for so long that it should be packed ahead. */
export function isLargePayload(payload: Uint8Array): boolean {
  return payload.length > LARGE_BYTES && payload.length <= MAX_PAYLOAD_BYTES && !packedTexts.has(payload);
}

/** Packs a payload in another thread, so that `packPayload` finds it packed. */
export async function packAhead(payload: Uint8Array): Promise<void> {
  packedTexts.set(payload, (await gzipInThread(payload, OPTIONS)).toString('base64'));
}

/** @throws EvidenceError `PayloadInvalid` when the record dropped the payload or the text is not gzip in base64, `PayloadTooLarge` above the limit */
export function unpackPayload(packed: string | undefined): Buffer {
  if (packed === undefined) throw new EvidenceError('PayloadInvalid', 'the record has dropped the payload');
  try {
    const payload = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_PAYLOAD_BYTES });
    packedTexts.set(payload, packed);
    return payload;
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw new EvidenceError('PayloadInvalid', 'the payload in the record is not gzip in base64', { cause: error });
  }
}

function tooLarge(): EvidenceError {
  return new EvidenceError('PayloadTooLarge', `the payload is longer than ${MAX_PAYLOAD_BYTES} bytes: ${REMEDY}`);
}
