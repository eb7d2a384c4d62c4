// SPDX-License-Identifier: Apache-2.0
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** fake-gcs-server: Cloud Storage's JSON API on a fixed port of 127.0.0.1. It takes any credentials, and none. */
export class FakeGcs {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  #running: ManagedProcess | undefined;

  private constructor(supervisor: Supervisor, host: string, spec: ProcessSpec) {
    this.host = host;
    this.url = `http://${host}`;
    this.#supervisor = supervisor;
    this.#spec = spec;
  }

  /** Builds the server when it is missing, and starts it. */
  static async start(supervisor: Supervisor): Promise<FakeGcs> {
    const port = await freePort();
    const name = `gcs-${port}`;
    const host = `127.0.0.1:${port}`;
    const server = new FakeGcs(supervisor, host, {
      name,
      command: await ensureBinary('fake-gcs-server'),
      args: [
        ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-public-host', host],
        ...['-backend', 'memory', '-log-level', 'warn'],
      ],
      graceSeconds: 0,
    });
    await server.up();
    return server;
  }

  /** Kills it: connections are refused. */
  async down(): Promise<void> {
    await this.#running?.stop(0);
    this.#running = undefined;
  }

  /** Brings it back on the same port, empty; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    await running.untilReady(async () => (await fetch(`${this.url}/_internal/healthcheck`)).ok);
  }

  async makeBucket(name: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/storage/v1/b`, { method: 'POST', headers, body: JSON.stringify({ name }) });
    if (!answer.ok) throw new Error(`bucket ${name} was not made: status ${answer.status}`);
  }
}
