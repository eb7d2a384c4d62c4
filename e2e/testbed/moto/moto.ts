// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { pythonEnvironment } from './python-environment.ts';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const program = fileURLToPath(new URL('server.py', import.meta.url));

/** Amazon's APIs in one process of 127.0.0.1: S3, DynamoDB, KMS (with real keys), STS, IAM and ECR. Its content is gone when it goes down. */
export class Moto {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** `http://127.0.0.1:port`, for every service. */
  readonly url: string;
  /** Accepted by everything until `enforce`. */
  readonly credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' } as const;
  readonly region = 'eu-central-1';
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  #running: ManagedProcess | undefined;

  private constructor(supervisor: Supervisor, port: number, python: string) {
    this.host = `127.0.0.1:${port}`;
    this.url = `http://${this.host}`;
    this.#supervisor = supervisor;
    this.#spec = {
      name: `moto-${port}`,
      command: python,
      args: [program, '-H', '127.0.0.1', '-p', String(port)],
      env: { PYTHONDONTWRITEBYTECODE: '1', MOTO_S3_CUSTOM_ENDPOINTS: this.url },
      graceSeconds: 0,
    };
  }

  /** Installs moto when it is missing, and starts it. */
  static async start(supervisor: Supervisor): Promise<Moto> {
    const python = await pythonEnvironment('moto-5.1.22', requirements);
    const moto = new Moto(supervisor, await freePort(), python);
    await moto.up();
    return moto;
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
    await running.untilReady(async () => (await fetch(`${this.url}/moto-api/data.json`)).ok);
  }

  /** From now on signatures and IAM policies are checked as Amazon does: make users and roles before. */
  async enforce(): Promise<void> {
    const answer = await fetch(`${this.url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
    if (!answer.ok) throw new Error(`moto does not check credentials: status ${answer.status}`);
  }

  /** Accepts any credentials again. */
  async trustAll(): Promise<void> {
    const answer = await fetch(`${this.url}/moto-api/reset-auth`, { method: 'POST', body: 'inf' });
    if (!answer.ok) throw new Error(`moto still checks credentials: status ${answer.status}`);
  }
}
