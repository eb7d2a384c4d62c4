// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import { isListening } from '../processes/is-listening.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** FerretDB on SQLite: MongoDB's protocol on a fixed port of 127.0.0.1, with and without TLS. It has no accounts. */
export class FerretDb {
  /** `127.0.0.1:port`, without TLS. */
  readonly host: string;
  /** `127.0.0.1:port`, with TLS. */
  readonly tlsHost: string;
  /** PEM of the authority behind the certificate of `tlsHost`. */
  readonly caFile: string;
  readonly #start: () => ManagedProcess;
  readonly #ports: readonly number[];
  #running: ManagedProcess | undefined;

  private constructor(ports: readonly [number, number], caFile: string, start: () => ManagedProcess) {
    [this.host, this.tlsHost] = [`127.0.0.1:${ports[0]}`, `127.0.0.1:${ports[1]}`];
    this.caFile = caFile;
    this.#ports = ports;
    this.#start = start;
  }

  /** Builds the server when it is missing, and starts it. */
  static async start(supervisor: Supervisor): Promise<FerretDb> {
    const ports = [await freePort(), await freePort()] as const;
    const name = `ferretdb-${ports[0]}`;
    const certificates = supervisor.dataDirectory(`${name}-tls`);
    const env = supervisor.environment();
    await runCommand(await ensureBinary('referrers-registry'), ['-write-certificate', certificates], { env });
    const command = await ensureBinary('ferretdb');
    const listen = ['-address', `127.0.0.1:${ports[0]}`, '-tls-address', `127.0.0.1:${ports[1]}`];
    const args = [...listen, '-tls', certificates, '-data', supervisor.dataDirectory(name)];
    const server = new FerretDb(ports, join(certificates, 'ca.crt'), () => supervisor.start({ name, command, args }));
    await server.up();
    return server;
  }

  /** Takes it down at once: connections are refused. */
  async down(): Promise<void> {
    await this.#running?.stop(0);
    this.#running = undefined;
  }

  /** Brings it back on the same ports with the same data; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#start();
    this.#running = running;
    await running.untilReady(async () => (await Promise.all(this.#ports.map(isListening))).every(Boolean));
  }
}
