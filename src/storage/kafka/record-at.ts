// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../storage-error.ts';
import { unpackRecords } from './record-codecs.ts';
import type { UnboundedDecoders } from './record-codecs.ts';
import { RecordReader } from './record-reader.ts';

/** A message in a partition. */
export interface FoundMessage {
  readonly value: Buffer;
  readonly headers: ReadonlyMap<string, Buffer>;
}

/** The offsets of the fields of a batch of magic 2 (KIP-98). */
const FIELDS = { length: 8, magic: 16, attributes: 21, lastOffsetDelta: 23, count: 57, records: 61 } as const;
const LENGTH_END = 12;
const CODEC_BITS = 0x07;
/** The most headers of a message: Chains writes two, and a keyless signature adds two. */
const MAX_HEADERS = 64;

/**
 * Find the message at an offset in the batches of a fetch response; undefined if no batch has it. Decode only this message:
 * a broker could claim millions of others in the same bytes. `limit` is the size of the unpacked records.
 * @throws StorageError for batches that cannot be read
 */
export function recordAt(
  batches: Buffer,
  offset: bigint,
  { limit, decoders }: { readonly limit: number; readonly decoders: UnboundedDecoders },
): FoundMessage | undefined {
  try {
    const batch = batchOf(batches, offset);
    if (batch === undefined) return undefined;
    if (batch.readInt8(FIELDS.magic) !== 2) throw new RangeError('a batch of another format');
    const codec = batch.readInt16BE(FIELDS.attributes) & CODEC_BITS;
    const records = unpackRecords(codec, batch.subarray(FIELDS.records), limit, decoders);
    return recordOf(new RecordReader(records), batch.readInt32BE(FIELDS.count), deltaOf(batch, offset));
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const message = 'the broker answers with records that cannot be read';
    throw new StorageError('BackendUnavailable', message, { cause: error });
  }
}

/** Find the batch with an offset. A broker truncates the last batch at the requested size. */
function batchOf(batches: Buffer, offset: bigint): Buffer | undefined {
  for (let rest = batches; rest.length >= FIELDS.records;) {
    const end = LENGTH_END + rest.readInt32BE(FIELDS.length);
    if (end < FIELDS.records) throw new RangeError('a batch that is shorter than its head');
    const delta = deltaOf(rest, offset);
    if (delta >= 0 && delta <= rest.readInt32BE(FIELDS.lastOffsetDelta)) {
      return end <= rest.length ? rest.subarray(0, end) : undefined;
    }
    rest = rest.subarray(end);
  }
  return undefined;
}

function deltaOf(batch: Buffer, offset: bigint): number {
  return Number(offset - batch.readBigInt64BE(0));
}

function recordOf(reader: RecordReader, count: number, delta: number): FoundMessage | undefined {
  for (let index = 0; index < count && !reader.isAtEnd; index += 1) {
    const record = new RecordReader(reader.sized() ?? Buffer.alloc(0));
    record.skip(1);
    record.varint();
    if (record.varint() === delta) return messageOf(record);
  }
  return undefined;
}

/** Read the part after the offset: key, value and headers. */
function messageOf(record: RecordReader): FoundMessage | undefined {
  record.sized();
  const value = record.sized();
  const count = record.varint();
  if (value === undefined || count > MAX_HEADERS) return undefined;
  const headers = new Map<string, Buffer>();
  for (let index = 0; index < count; index += 1) {
    const name = String(record.sized() ?? '');
    headers.set(name, record.sized() ?? Buffer.alloc(0));
  }
  return { value, headers };
}
