// SPDX-License-Identifier: Apache-2.0
import type { API, Reader } from '@platformatic/kafka';

/** The records to fetch and the most bytes of them. */
export interface FetchedPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly maxBytes: number;
}

export type FetchRecords = API<[FetchedPlace], Buffer>;

const FETCH_KEY = 1;
const FETCH_VERSION = 4;
const WAIT_MS = 500;

/**
 * The library's fetch of one partition, but with the batches as raw bytes: the library would unpack and decode all that
 * they claim to contain. Fails with the library's ResponseError when the broker refuses.
 */
export async function fetchRecords(): Promise<FetchRecords> {
  const { createAPI, fetchV4, ResponseError } = await import('@platformatic/kafka');
  const request = ({ topic, partition, offset, maxBytes }: FetchedPlace): ReturnType<typeof fetchV4.createRequest> => {
    const asked = { partition, fetchOffset: offset, partitionMaxBytes: maxBytes };
    const partitions = [{ ...asked, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }];
    return fetchV4.createRequest(WAIT_MS, 1, maxBytes, 0, 0, -1, [{ topicId: topic, partitions }], [], '');
  };
  const parse = (_correlation: number, key: number, version: number, reader: Reader): Buffer => {
    const { code, records } = onePartition(reader);
    if (code !== 0) throw new ResponseError(key, version, { '/responses/0/partitions/0': [code, null] }, {});
    return records;
  };
  return createAPI<[FetchedPlace], Buffer>(FETCH_KEY, FETCH_VERSION, request, parse, false, false);
}

/** Read the response to a fetch of one partition. @throws the reader's error for any other response */
function onePartition(reader: Reader): { readonly code: number; readonly records: Buffer } {
  reader.readInt32();
  const topics = reader.readInt32();
  if (topics === 0) return { code: 0, records: Buffer.alloc(0) };
  reader.readString(false);
  const partitions = reader.readInt32();
  if (topics !== 1 || partitions !== 1) throw new RangeError('more than was asked for');
  reader.readInt32();
  const code = reader.readInt16();
  reader.readInt64();
  reader.readInt64();
  // Aborted transactions: a producer's ID and an offset each.
  reader.skip(16 * Math.max(reader.readInt32(), 0));
  return { code, records: reader.readNullableBytes(false) ?? Buffer.alloc(0) };
}
