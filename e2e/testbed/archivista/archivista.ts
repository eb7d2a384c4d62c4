// SPDX-License-Identifier: Apache-2.0
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { startMySql } from './mysql.ts';

/** Archivista with files for the uploads and a MySQL server in memory for what is asked of them, on a fixed port of 127.0.0.1. */
export class Archivista {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly url: string;
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  #running: ManagedProcess | undefined;

  private constructor(supervisor: Supervisor, host: string, spec: ProcessSpec) {
    this.#supervisor = supervisor;
    this.host = host;
    this.url = `http://${host}`;
    this.#spec = spec;
  }

  /** Builds the servers when they are missing, and starts them. */
  static async start(supervisor: Supervisor): Promise<Archivista> {
    const command = await ensureBinary('archivista');
    const database = await startMySql(supervisor);
    const host = `127.0.0.1:${await freePort()}`;
    const name = `archivista-${host.slice(host.indexOf(':') + 1)}`;
    const env = {
      ARCHIVISTA_LISTEN_ON: `tcp://${host}`,
      ARCHIVISTA_ENABLE_SPIFFE: 'false',
      ARCHIVISTA_SQL_STORE_BACKEND: 'MYSQL',
      ARCHIVISTA_SQL_STORE_CONNECTION_STRING: `root@tcp(${database.host})/${database.name}`,
      // The tables in memory lose rows of transactions that run side by side: one connection, one after the other.
      ARCHIVISTA_SQL_STORE_MAX_OPEN_CONNECTIONS: '1',
      ARCHIVISTA_STORAGE_BACKEND: 'FILE',
      ARCHIVISTA_FILE_DIR: supervisor.dataDirectory(name),
      // It serves the files as well as the API, by default on port 80.
      ARCHIVISTA_FILE_SERVE_ON: `127.0.0.1:${await freePort()}`,
    };
    const archivista = new Archivista(supervisor, host, { name, command, args: [], env });
    await archivista.up();
    return archivista;
  }

  /** Takes it down at once: connections are refused. */
  async down(): Promise<void> {
    await this.#running?.stop(0);
    this.#running = undefined;
  }

  /** Brings it back on the same port with the same uploads; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    await running.untilReady(async () => (await fetch(`${this.url}/upload`)).status === 400);
  }

  /** Asks the GraphQL API. Rejects when it answers with errors. */
  async query(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.url}/query`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    });
    const body: unknown = await response.json();
    if (typeof body !== 'object' || body === null || 'errors' in body || !('data' in body)) {
      throw new Error(`Archivista answers ${JSON.stringify(body)}`);
    }
    return body.data;
  }
}
