// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressionsAlgorithms, createRecordsBatch } from '@platformatic/kafka';
import { StorageError } from '../storage-error.ts';
import { recordAt } from './record-at.ts';

const MIB = 1024 * 1024;
const { snappy, lz4 } = compressionsAlgorithms;
const decoders = {
  snappy: (data: Buffer) => snappy.decompressSync(data),
  lz4: (data: Buffer) => lz4.decompressSync(data),
};
const bounds = { limit: 4 * MIB, decoders };
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** A batch of the library's producer, at an offset of the partition. */
function batch(offset: bigint, values: readonly string[], compression: (typeof codecs)[number] = 'none'): Buffer {
  const messages = values.map((value) => {
    const headers = new Map([
      [Buffer.from('payload'), Buffer.from(`payload of ${value}`)],
      [Buffer.from('empty'), Buffer.alloc(0)],
    ]);
    return { key: Buffer.from('key'), value: Buffer.from(value), headers, topic: 't', partition: 0 };
  });
  const bytes = Buffer.from(createRecordsBatch(messages, { compression }).buffer);
  bytes.writeBigInt64BE(offset);
  return bytes;
}

/** A batch that claims to hold `records` compressed by a codec. */
function forged(codec: number, records: Buffer, count = 1): Buffer {
  const head = batch(0n, ['x']).subarray(0, 61);
  head.writeInt32BE(61 - 12 + records.length, 8);
  head.writeInt16BE(codec, 21);
  head.writeInt32BE(0x7fff_ffff, 23);
  head.writeInt32BE(count, 57);
  return Buffer.concat([head, records]);
}

function failureOf(batches: Buffer): StorageError {
  try {
    recordAt(batches, 0n, bounds);
  } catch (error) {
    assert.ok(error instanceof StorageError);
    return error;
  }
  throw new assert.AssertionError({ message: 'it was read' });
}

describe('recordAt', () => {
  for (const codec of codecs) {
    it(`finds a message among others, packed by ${codec}`, () => {
      const batches = Buffer.concat([batch(7n, ['a', 'b'], codec), batch(9n, ['c', 'd'.repeat(100_000), 'e'], codec)]);
      for (const [offset, value] of [
        [7n, 'a'],
        [8n, 'b'],
        [10n, 'd'.repeat(100_000)],
        [11n, 'e'],
      ] as const) {
        const record = recordAt(batches, offset, bounds);
        assert.equal(record?.value.toString(), value);
        assert.equal(record.headers.get('payload')?.toString(), `payload of ${value}`);
        assert.equal(record.headers.get('empty')?.length, 0);
      }
      for (const offset of [6n, 12n]) assert.equal(recordAt(batches, offset, bounds), undefined);
    });
  }

  it('passes over a batch that the broker cut, and finds nothing in nothing', () => {
    const whole = batch(0n, ['a']);
    const cut = Buffer.concat([whole, batch(1n, ['b']).subarray(0, 70)]);
    assert.equal(recordAt(cut, 0n, bounds)?.value.toString(), 'a');
    assert.equal(recordAt(cut, 1n, bounds), undefined);
    assert.equal(recordAt(Buffer.alloc(0), 0n, bounds), undefined);
  });

  const zeros = Buffer.alloc(64 * MIB);
  const bombs: readonly (readonly [string, number, Buffer])[] = [
    ['gzip', 1, gzipSync(zeros)],
    ['snappy', 2, snappy.compressSync(zeros)],
    ['snappy in frames of Java', 2, javaFrames(snappy.compressSync(zeros.subarray(0, 3 * MIB)), 2)],
    ['lz4', 3, lz4.compressSync(zeros)],
    ['zstd', 4, zstdCompressSync(zeros)],
  ];
  for (const [name, codec, records] of bombs) {
    it(`refuses ${name} data above the limit without unpacking it`, () => {
      const error = failureOf(forged(codec, records));
      assert.equal(error.reason, 'BackendRejected');
      assert.match(error.message, /more than 4194304 bytes/);
    });
  }

  it('makes nothing of the messages that a batch only claims to hold', () => {
    assert.equal(recordAt(forged(0, Buffer.alloc(0), 0x7fff_ffff), 5n, bounds), undefined);
  });

  const invalid: readonly (readonly [string, Buffer])[] = [
    ['a codec that does not exist', forged(7, Buffer.alloc(8))],
    ['gzip that is none', forged(1, Buffer.from('invalid'))],
    ['snappy that ends early', forged(2, Buffer.from([0xff]))],
    ['lz4 that is none', forged(3, Buffer.from('invalid'))],
    ['a second lz4 frame', forged(3, Buffer.concat([lz4.compressSync(zeros.subarray(0, 9)), Buffer.alloc(64)]))],
    ['zstd that is none', forged(4, Buffer.from('invalid'))],
    ['a message that is longer than its batch', forged(0, Buffer.from([0x7e, 0, 0, 0]))],
    ['a number without end', forged(0, Buffer.alloc(32, 0xff))],
    ['a batch shorter than its head', Buffer.alloc(100)],
  ];
  for (const [what, batches] of invalid) {
    it(`reports BackendUnavailable for ${what}`, () => {
      assert.equal(failureOf(batches).reason, 'BackendUnavailable');
    });
  }
});

/** The same block several times, in the framing of Java's snappy library. */
function javaFrames(block: Buffer, times: number): Buffer {
  const head = Buffer.alloc(16);
  head.write('\x82SNAPPY\x00', 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32BE(block.length);
  return Buffer.concat([head, ...Array.from({ length: times }, () => [size, block]).flat()]);
}
