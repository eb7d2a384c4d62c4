// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** Archivista with files for the uploads and SQLite for what is asked of them, on a fixed port of 127.0.0.1. */
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

  /** Builds the server when it is missing, and starts it. */
  static async start(supervisor: Supervisor): Promise<Archivista> {
    const command = await ensureBinary('archivista');
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    const name = `archivista-${port}`;
    const args = [
      ...['-address', host, '-files', supervisor.dataDirectory(name)],
      // It serves the files as well as the API.
      ...['-files-address', `127.0.0.1:${await freePort()}`],
      ...['-database', join(supervisor.dataDirectory(`${name}-metadata`), 'archivista.db')],
    ];
    const archivista = new Archivista(supervisor, host, { name, command, args });
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
