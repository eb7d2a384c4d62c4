// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { MongoClient, MongoClientOptions } from 'mongodb';
import type { TlsOptions } from '../../net/tls-options.ts';
import { StorageError } from '../storage-error.ts';
import { connectionStringProblem, statesTls } from './connection-string.ts';
import { mongoFailure } from './mongo-failure.ts';
import type { RelayAccess } from './socks-relay.ts';
import { SocksRelay } from './socks-relay.ts';
import type { EgressClient } from '../../net/egress-client.ts';

const CONNECT_MS = 5_000;
const MAX_CONNECTIONS = 16;

/** The settings of a connection. A change of them makes a new connection. */
export interface MongoTarget {
  readonly connectionString: string;
  readonly tls: TlsOptions;
  /** Names the Secret in messages. */
  readonly described: string;
}

interface Lease {
  readonly version: string;
  readonly client: MongoClient;
  readonly relay: SocksRelay;
  /** True once a member has responded: from then on the driver reconnects by itself. */
  readonly connected: Promise<unknown>;
  users: number;
  retired: boolean;
}

/**
 * The client of one backend. A changed connection string makes a new client at the next call; the old one is closed after its last
 * call, so that a rotation interrupts nothing.
 */
export class MongoConnection {
  readonly #egress: Pick<EgressClient, 'connect'>;
  #current: Promise<Lease> | undefined;
  #version: string | undefined;

  constructor(egress: Pick<EgressClient, 'connect'>) {
    this.#egress = egress;
  }

  /** @throws StorageError */
  async use<T>(target: MongoTarget, doing: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
    const lease = await this.#lease(target);
    try {
      await this.#connected(lease);
      return await work(lease.client);
    } catch (error) {
      const refusal = isAnswer(error) ? undefined : lease.relay.takeRefusal();
      if (refusal === undefined) throw mongoFailure(error, doing);
      const reason = refusal.reason === 'EndpointForbidden' ? 'EndpointForbidden' : 'BackendUnavailable';
      throw new StorageError(reason, `${doing}: ${refusal.message}`);
    } finally {
      lease.users -= 1;
      await endUnused(lease);
    }
  }

  async close(): Promise<void> {
    const lease = this.#current;
    this.#current = undefined;
    this.#version = undefined;
    if (lease !== undefined) await retire(lease);
  }

  /** Drop a client whose first connection failed: it never tries again. The next call makes another one. */
  async #connected(lease: Lease): Promise<void> {
    try {
      await lease.connected;
    } catch (error) {
      lease.retired = true;
      const current = this.#current;
      const isCurrent = current !== undefined && (await current.catch(() => undefined)) === lease;
      if (isCurrent && this.#current === current) this.#current = undefined;
      throw error;
    }
  }

  /** Count the caller as a user immediately: a concurrent rotation must not close the client before its first call. */
  async #lease(target: MongoTarget): Promise<Lease> {
    const version = versionOf(target);
    if (this.#version !== version || this.#current === undefined) {
      const old = this.#current;
      this.#version = version;
      this.#current = connect(this.#egress, target, version);
      if (old !== undefined) await retire(old);
    }
    const made = this.#current;
    try {
      const lease = await made;
      lease.users += 1;
      return lease;
    } catch (error) {
      // No client was made: let the next call try again.
      if (this.#current === made) this.#current = undefined;
      throw error;
    }
  }
}

async function connect(egress: Pick<EgressClient, 'connect'>, target: MongoTarget, version: string): Promise<Lease> {
  const { connectionString, described } = target;
  const problem = connectionStringProblem(connectionString);
  if (problem !== undefined)
    throw new StorageError('BackendRejected', `the connection string in ${described} ${problem}`);
  const { MongoClient } = await import('mongodb');
  const { refuseCompression } = await import('./refuse-compression.ts');
  refuseCompression();
  const isEncrypted = usesTls(target);
  const relay = await SocksRelay.start({
    connect: (member, signal) => egress.connect({ ...member, isEncrypted }, signal),
  });
  try {
    const client = new MongoClient(connectionString, clientOptions(target, relay.access));
    const connected = client.connect();
    // The calls that use the client report the error.
    connected.catch(() => undefined);
    return { version, client, relay, connected, users: 0, retired: false };
  } catch (error) {
    await relay.close();
    const message = `the connection string in ${described} cannot be read; check its options`;
    throw new StorageError('BackendRejected', message, { cause: error });
  }
}

/** These options override those of the connection string. */
function clientOptions(target: MongoTarget, relay: RelayAccess): MongoClientOptions {
  const { tls } = target;
  const withTls = usesTls(target);
  return {
    appName: 'hallmark',
    proxyHost: '127.0.0.1',
    proxyPort: relay.port,
    proxyUsername: relay.username,
    proxyPassword: relay.password,
    serverSelectionTimeoutMS: CONNECT_MS,
    connectTimeoutMS: CONNECT_MS,
    maxPoolSize: MAX_CONNECTIONS,
    minPoolSize: 0,
    maxIdleTimeMS: 60_000,
    serverMonitoringMode: 'poll',
    compressors: 'none',
    readPreference: 'primary',
    // A document that only one member has is lost with that member.
    writeConcern: { w: 'majority' },
    ...(withTls ? { tls: true, rejectUnauthorized: tls.insecure !== true } : {}),
    ...(withTls && tls.insecure === true ? { tlsAllowInvalidCertificates: true, tlsAllowInvalidHostnames: true } : {}),
    ...(withTls && tls.ca !== undefined ? { ca: tls.ca } : {}),
  };
}

function usesTls({ connectionString, tls }: MongoTarget): boolean {
  return statesTls(connectionString) ?? tls.ca !== undefined;
}

/** True if a member has responded: then the egress rules did not cause the failure, even if they refused another member. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof StorageError ||
    (error instanceof Error &&
      /^Mongo(Server|Write|Bulk)/.test(error.name) &&
      error.name !== 'MongoServerSelectionError')
  );
}

async function retire(lease: Promise<Lease>): Promise<void> {
  const made = await lease.catch(() => undefined);
  if (made === undefined) return;
  made.retired = true;
  await endUnused(made);
}

async function endUnused(lease: Lease): Promise<void> {
  if (!lease.retired || lease.users > 0) return;
  // Closing the relay cuts off connections that did not close in time.
  await lease.client.close().catch(() => undefined);
  await lease.relay.close();
}

/** Keep only a digest to compare: connection strings contain passwords. */
function versionOf({ connectionString, tls }: MongoTarget): string {
  const text = JSON.stringify([connectionString, tls.ca ?? '', tls.insecure === true]);
  return createHash('sha256').update(text).digest('hex');
}
