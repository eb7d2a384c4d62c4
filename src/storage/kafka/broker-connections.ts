// SPDX-License-Identifier: Apache-2.0
import { isIP, type Socket } from 'node:net';
import type { Connection, ConnectionOptions } from '@platformatic/kafka';
import type { EgressClient } from '../../net/egress-client.ts';
import { StorageError } from '../storage-error.ts';
import { brokerName } from './broker-address.ts';
import type { BrokerAddress } from './broker-address.ts';
import { guardedAddress } from './guarded-address.ts';
import type { KafkaSecurity } from './kafka-security.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_MS = 60_000;
/** The largest response to a fetch, which requests 8 MiB: brokers round up to a whole batch. */
export const MAX_FETCH_BYTES = 16 * 1024 * 1024;
/** The largest response to any other call: the library makes an object of every few bytes of it. */
const MAX_ANSWER_BYTES = 1024 * 1024;

interface OpenBroker {
  readonly connection: Promise<Connection>;
  readonly fingerprint: string;
  calls: number;
  /** The largest total of the responses to the current calls. */
  allowedBytes: number;
  /** The number of bytes read when the latest call began. */
  countedFrom: number;
}

/**
 * One connection to each broker, checked by the egress rules: the library gets the exact address that they permit, and
 * the name only to verify the certificate.
 */
export class BrokerConnections {
  readonly #egress: EgressClient;
  readonly #open = new Map<string, OpenBroker>();

  constructor(egress: EgressClient) {
    this.#egress = egress;
  }

  /** Run one call. A connection that failed, or that was opened with other credentials, is not used again. */
  async call<T>(
    address: BrokerAddress,
    security: KafkaSecurity,
    work: (connection: Connection) => Promise<T>,
    maxAnswerBytes: number = MAX_ANSWER_BYTES,
  ): Promise<T> {
    const name = brokerName(address);
    const broker = this.#broker(name, address, security);
    broker.calls += 1;
    broker.allowedBytes += maxAnswerBytes;
    try {
      const connection = await broker.connection;
      broker.countedFrom = connection.socket.bytesRead;
      connection.socket.ref();
      return await work(connection);
    } catch (error) {
      this.#drop(name, broker);
      throw error;
    } finally {
      broker.calls -= 1;
      broker.allowedBytes -= maxAnswerBytes;
      if (broker.calls === 0) void broker.connection.then(rest, () => undefined);
    }
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const brokers = [...this.#open];
    for (const [name, broker] of brokers) this.#drop(name, broker);
    await Promise.allSettled(brokers.map(([, { connection }]) => connection));
  }

  #broker(name: string, address: BrokerAddress, security: KafkaSecurity): OpenBroker {
    const open = this.#open.get(name);
    if (open?.fingerprint === security.fingerprint) return open;
    if (open !== undefined) this.#drop(name, open);
    const broker: OpenBroker = {
      connection: this.#connect(address, security, (connection) => {
        this.#watch(name, broker, connection);
      }),
      fingerprint: security.fingerprint,
      calls: 0,
      allowedBytes: 0,
      countedFrom: 0,
    };
    this.#open.set(name, broker);
    return broker;
  }

  async #connect(
    address: BrokerAddress,
    security: KafkaSecurity,
    watch: (connection: Connection) => void,
  ): Promise<Connection> {
    const { Connection: KafkaConnection } = await import('@platformatic/kafka');
    const { tls } = security;
    const target = { hostname: address.host, port: address.port, isEncrypted: tls !== undefined };
    const tunnel = await this.#egress.tunnel(target, AbortSignal.timeout(CONNECT_TIMEOUT_MS));
    // Through the proxy the library connects to nothing: TLS begins on the socket that it is given.
    const permitted = tunnel === undefined ? await guardedAddress(this.#egress, address) : address.host;
    const connection = new KafkaConnection('hallmark', connectionOptions(address, security, tunnel));
    // An error event without a listener ends the process.
    connection.on('error', () => undefined);
    const login = { isBegun: false };
    connection.once('sasl:handshake', () => {
      login.isBegun = true;
    });
    const connected = connection.connect(permitted, address.port);
    watch(connection);
    try {
      await connected;
    } catch (error) {
      if (login.isBegun) throw refusedLogin(address);
      throw error;
    }
    return connection;
  }

  /** Close a connection that is idle for long, or that sends more than was requested. */
  #watch(name: string, broker: OpenBroker, connection: Connection): void {
    const { socket } = connection;
    socket.on('data', () => {
      if (socket.bytesRead - broker.countedFrom <= Math.max(broker.allowedBytes, MAX_ANSWER_BYTES)) return;
      socket.destroy(new Error('the broker answers with more than was asked for'));
    });
    socket.on('close', () => {
      if (this.#open.get(name) === broker) this.#open.delete(name);
    });
    connection.once('connect', () => {
      socket.setTimeout(IDLE_MS, () => {
        if (broker.calls === 0) socket.destroy();
      });
    });
  }

  #drop(name: string, broker: OpenBroker): void {
    if (this.#open.get(name) === broker) this.#open.delete(name);
    // Calls that still use it fail with it, and their records are retried.
    void broker.connection.then(
      ({ socket }) => socket.destroy(),
      () => undefined,
    );
  }
}

/** Do not let an idle connection keep the process alive. */
function rest(connection: Connection): void {
  connection.socket.unref();
}

/** Some brokers state the reason, and many only close the connection. */
function refusedLogin(address: BrokerAddress): StorageError {
  const remedy = 'correct the username, password and mechanism of kafka.authentication';
  return new StorageError('BackendUnauthorized', `${brokerName(address)} does not let its user sign in; ${remedy}`);
}

function connectionOptions(
  { host }: BrokerAddress,
  { tls, sasl }: KafkaSecurity,
  tunnel: Socket | undefined,
): ConnectionOptions {
  const through = tunnel === undefined ? {} : { socket: tunnel };
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...through,
            rejectUnauthorized: tls.insecure !== true,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          },
        }),
    ...(tls === undefined || isIP(host) !== 0 ? {} : { tlsServerName: host }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, password: sasl.password.revealText() } }),
  };
}
