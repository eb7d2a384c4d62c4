// SPDX-License-Identifier: Apache-2.0
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { StorageError } from '../storage-error.ts';

/** Decoders without limits of their own. Call them only with input whose output is known to be small enough. */
export interface UnboundedDecoders {
  readonly snappy: (data: Buffer) => Buffer;
  readonly lz4: (data: Buffer) => Buffer;
}

/** The codecs by their number in a batch's attributes. */
const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/**
 * Decompress the records of a batch, to at most `limit` bytes: a team that names a broker
 * could send a few kilobytes that unpack to gigabytes. @throws StorageError `BackendRejected` above the limit, or for invalid data
 */
export function unpackRecords(codec: number, data: Buffer, limit: number, decoders: UnboundedDecoders): Buffer {
  try {
    return unpack(codec, data, limit, decoders);
  } catch (error) {
    if (error instanceof StorageError) throw error;
    if (isTooLarge(error)) throw tooLarge(limit);
    const message = 'the broker answers with records that cannot be unpacked';
    throw new StorageError('BackendUnavailable', message, { cause: error });
  }
}

function unpack(codec: number, data: Buffer, limit: number, decoders: UnboundedDecoders): Buffer {
  switch (codec) {
    case CODECS.none:
      return data;
    case CODECS.gzip:
      return gunzipSync(data, { maxOutputLength: limit });
    case CODECS.snappy:
      if (snappySize(data) > limit) throw tooLarge(limit);
      return decoders.snappy(data);
    case CODECS.lz4:
      if (lz4Bound(data) > limit) throw tooLarge(limit);
      return decoders.lz4(data);
    case CODECS.zstd:
      return zstdDecompressSync(data, { maxOutputLength: limit });
    default:
      throw new RangeError('unknown codec');
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function tooLarge(limit: number): StorageError {
  return new StorageError('BackendRejected', `the broker answers with records of more than ${limit} bytes`);
}

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/** The size that snappy data claims to unpack to; the sum over all blocks in Java's framing. */
function snappySize(data: Buffer): number {
  if (!data.subarray(0, XERIAL.length).equals(XERIAL)) return blockSize(data);
  let size = 0;
  for (let position = XERIAL_HEADER_BYTES; position < data.length;) {
    const length = data.readUInt32BE(position);
    size += blockSize(data.subarray(position + 4, position + 4 + length));
    position += 4 + length;
  }
  return size;
}

/** The varint at the beginning of a block. */
function blockSize(block: Buffer): number {
  let size = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block.readUInt8(index);
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new RangeError('a varint without end');
}

const LZ4_MAGIC = 0x18_4d_22_04;
const LZ4_EXPANSION = 255;
const FLAG_DICTIONARY = 0x01;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_BLOCK_CHECKSUM = 0x10;
const UNPACKED_BLOCK = 0x8000_0000;

/** The most that one LZ4 frame can unpack to, by its blocks' sizes. Data after the frame is refused. */
function lz4Bound(data: Buffer): number {
  if (data.readUInt32LE(0) !== LZ4_MAGIC) throw new RangeError('no LZ4 frame');
  const flags = data.readUInt8(4);
  const largest = 2 ** (8 + 2 * ((data.readUInt8(5) >> 4) & 7));
  const trailer = (flags & FLAG_BLOCK_CHECKSUM) === 0 ? 0 : 4;
  let position = 7 + ((flags & FLAG_CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & FLAG_DICTIONARY) === 0 ? 0 : 4);
  let bound = 0;
  for (;;) {
    const word = data.readUInt32LE(position);
    position += 4;
    if (word === 0) break;
    const size = word % UNPACKED_BLOCK;
    bound += word >= UNPACKED_BLOCK ? size : Math.min(largest, size * LZ4_EXPANSION);
    position += size + trailer;
  }
  const end = position + ((flags & FLAG_CONTENT_CHECKSUM) === 0 ? 0 : 4);
  if (end !== data.length) throw new RangeError('more than one LZ4 frame');
  return bound;
}
