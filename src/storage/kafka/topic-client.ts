// SPDX-License-Identifier: Apache-2.0
import type { Connection } from '@platformatic/kafka';
import { StorageError } from '../storage-error.ts';
import { brokerName } from './broker-address.ts';
import type { BrokerAddress } from './broker-address.ts';
import { MAX_FETCH_BYTES } from './broker-connections.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { fetchRecords } from './fetch-records.ts';
import { isOutOfRange, isStale, kafkaFailure } from './kafka-failure.ts';
import type { KafkaSecurity } from './kafka-security.ts';
import { recordAt } from './record-at.ts';
import type { FoundMessage } from './record-at.ts';

const ACKS_ALL = -1;
const BROKER_TIMEOUT_MS = 20_000;
/** The largest message. It must also fit into one response when it is read back. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const LAYOUT_MS = 60_000;
/** The bit of Kafka's operation Write. The sign bit alone means that the broker does not state the operations. */
const WRITE_BIT = 1 << 4;
const NOT_SAID = -2_147_483_648;

/** The leaders of a topic's partitions. */
interface Layout {
  readonly leaders: ReadonlyMap<number, BrokerAddress>;
  readonly operations: number;
  readonly readMs: number;
}

/** A message to append. */
export interface NewMessage {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

export interface TopicOptions {
  readonly topic: string;
  readonly bootstrap: readonly BrokerAddress[];
  readonly connections: BrokerConnections;
  readonly nowMs: () => number;
}

/** One topic of a cluster. Its requests are those that every broker since Kafka 2.3 understands. */
export class TopicClient {
  readonly #options: TopicOptions;
  #layout: Layout | undefined;

  constructor(options: TopicOptions) {
    this.#options = options;
  }

  /** Check that messages can be written now. @throws StorageError */
  async check(security: KafkaSecurity): Promise<void> {
    const { topic } = this.#options;
    this.#layout = undefined;
    const { operations } = await this.#read(security);
    if (operations === NOT_SAID || (operations & WRITE_BIT) !== 0) return;
    const message = `topic ${topic} is read-only for this user: allow it to write the topic`;
    throw new StorageError('BackendUnauthorized', message);
  }

  /** Append a message to the partition of its key, and wait for all in-sync replicas. @throws StorageError */
  async append(
    message: NewMessage,
    security: KafkaSecurity,
  ): Promise<{ readonly partition: number; readonly offset: bigint }> {
    const { murmur2, produceV3 } = await import('@platformatic/kafka');
    const { topic } = this.#options;
    const size = message.value.length + [...message.headers.values()].reduce((sum, { length }) => sum + length, 0);
    if (size > MAX_MESSAGE_BYTES) throw tooLarge(topic, size);
    return this.#withLeader(security, `writing ${size} bytes to topic ${topic}`, async (layout) => {
      const partition = (murmur2(message.key) & 0x7fffffff) % layout.leaders.size;
      const response = await this.#options.connections.call(leaderOf(layout, partition), security, (connection) =>
        produceV3.api.async(connection, ACKS_ALL, BROKER_TIMEOUT_MS, [{ ...message, topic, partition }], {}),
      );
      const written = typeof response === 'boolean' ? undefined : response.responses[0]?.partitionResponses[0];
      if (written !== undefined) return { partition, offset: written.baseOffset };
      throw new StorageError('BackendUnavailable', `writing to topic ${topic}: the broker does not say where it wrote`);
    });
  }

  /** Read the message at an offset; undefined if it no longer exists. @throws StorageError */
  async read(partition: number, offset: bigint, security: KafkaSecurity): Promise<FoundMessage | undefined> {
    const { compressionsAlgorithms } = await import('@platformatic/kafka');
    const fetch = await fetchRecords();
    const { topic, connections } = this.#options;
    const { snappy, lz4 } = compressionsAlgorithms;
    const bounds = {
      limit: MAX_FETCH_BYTES,
      decoders: {
        snappy: (data: Buffer) => snappy.decompressSync(data),
        lz4: (data: Buffer) => lz4.decompressSync(data),
      },
    };
    return this.#withLeader(security, `reading topic ${topic}`, async (layout) => {
      if (!layout.leaders.has(partition)) return undefined;
      const place = { topic, partition, offset, maxBytes: MAX_MESSAGE_BYTES };
      try {
        const ask = (connection: Connection): Promise<Buffer> => fetch.async(connection, place);
        const batches = await connections.call(leaderOf(layout, partition), security, ask, MAX_FETCH_BYTES);
        return recordAt(batches, offset, bounds);
      } catch (error) {
        if (isOutOfRange(error)) return undefined;
        throw error;
      }
    });
  }

  /** Refresh the leaders and try again when a broker is not the leader, in which case nothing was written. */
  async #withLeader<T>(security: KafkaSecurity, doing: string, work: (layout: Layout) => Promise<T>): Promise<T> {
    try {
      const layout = await this.#read(security);
      try {
        return await work(layout);
      } catch (error) {
        this.#layout = undefined;
        if (!isStale(error)) throw error;
        return await work(await this.#read(security));
      }
    } catch (error) {
      throw kafkaFailure(error, doing);
    }
  }

  async #read(security: KafkaSecurity): Promise<Layout> {
    const layout = this.#layout;
    if (layout !== undefined && this.#options.nowMs() - layout.readMs < LAYOUT_MS) return layout;
    const failures: StorageError[] = [];
    for (const broker of this.#options.bootstrap) {
      try {
        this.#layout = await this.#ask(broker, security);
        return this.#layout;
      } catch (error) {
        const doing = `asking ${brokerName(broker)} for topic ${this.#options.topic}`;
        failures.push(kafkaFailure(error, doing));
      }
    }
    // A broker's response is a better explanation than brokers that could not be reached.
    throw failures.find(({ reason }) => reason !== 'BackendUnavailable') ?? failures[0] ?? new Error('no broker');
  }

  async #ask(broker: BrokerAddress, security: KafkaSecurity): Promise<Layout> {
    const { metadataV8 } = await import('@platformatic/kafka');
    const { topic, connections, nowMs } = this.#options;
    const response = await connections.call(broker, security, (connection) =>
      metadataV8.api.async(connection, [topic], false, true, false),
    );
    const brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const described = response.topics.find(({ name }) => name === topic);
    const leaders = new Map<number, BrokerAddress>();
    for (const { partitionIndex, leaderId } of described?.partitions ?? []) {
      const leader = brokers.get(leaderId);
      if (leader !== undefined) leaders.set(partitionIndex, leader);
    }
    if (described === undefined || leaders.size === 0 || leaders.size < described.partitions.length) {
      throw new StorageError(
        'BackendUnavailable',
        `topic ${topic} has a partition without a leader; it is tried again`,
      );
    }
    return { leaders, operations: described.topicAuthorizedOperations, readMs: nowMs() };
  }
}

function leaderOf({ leaders }: Layout, partition: number): BrokerAddress {
  const leader = leaders.get(partition);
  if (leader !== undefined) return leader;
  throw new StorageError('BackendUnavailable', `partition ${partition} has no leader; it is tried again`);
}

function tooLarge(topic: string, size: number): StorageError {
  const message = `the message for topic ${topic} takes ${size} bytes and no more than ${MAX_MESSAGE_BYTES} are read back; store the evidence in a backend of another type`;
  return new StorageError('BackendRejected', message);
}
