// SPDX-License-Identifier: Apache-2.0
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** One of sigstore's servers on a fixed port of 127.0.0.1, which can go down and come back with its keys. */
export class SigstoreServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  readonly #readyPath: string;
  #running: ManagedProcess | undefined;

  constructor(supervisor: Supervisor, port: number, spec: ProcessSpec, readyPath: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#supervisor = supervisor;
    this.#spec = spec;
    this.#readyPath = readyPath;
  }

  /** `127.0.0.1:<port>`. */
  get host(): string {
    return new URL(this.url).host;
  }

  /** Takes it down: connections are refused. With 0 seconds it is killed. */
  async down(graceSeconds = 0): Promise<void> {
    await this.#running?.stop(graceSeconds);
    this.#running = undefined;
  }

  /** Starts it, or brings it back on the same port; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    await running.untilReady(async () => (await fetch(`${this.url}${this.#readyPath}`)).ok);
  }

  /** Its log so far. */
  log(): string {
    return this.#running?.logTail(100_000) ?? '';
  }
}
