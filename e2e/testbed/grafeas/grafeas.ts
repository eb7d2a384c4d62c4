// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

export interface GrafeasOptions {
  /** `v1beta1`: Grafeas' own server, which everybody may use. `v1`: its API as Container Analysis serves it, with two tokens. */
  readonly apiVersion: 'v1' | 'v1beta1';
  /** The one project that exists. */
  readonly project: string;
  /** Bearer tokens of `v1`. */
  readonly writer?: string;
  readonly reader?: string;
}

/** A Grafeas API on a fixed port of 127.0.0.1. Only `v1beta1` keeps what it holds when it goes down. */
export class Grafeas {
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

  /** Builds the server when it is missing, starts it, and makes its project. */
  static async start(supervisor: Supervisor, options: GrafeasOptions): Promise<Grafeas> {
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    const spec = options.apiVersion === 'v1' ? await analysisSpec(host, options) : await ownSpec(host, supervisor);
    const grafeas = new Grafeas(supervisor, host, { ...spec, name: `grafeas-${port}`, graceSeconds: 0 });
    await grafeas.up();
    if (options.apiVersion === 'v1beta1') {
      const body = JSON.stringify({ name: `projects/${options.project}` });
      const made = await fetch(`${grafeas.url}/v1beta1/projects`, { method: 'POST', body });
      if (!made.ok) throw new Error(`Grafeas answers ${made.status} to a new project`);
    }
    return grafeas;
  }

  /** Takes it down at once: connections are refused. */
  async down(): Promise<void> {
    await this.#running?.stop(0);
    this.#running = undefined;
  }

  /** Brings it back on the same port; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    // Any answer will do: a request without a token is refused.
    await running.untilReady(async () => (await fetch(`${this.url}/v1beta1/projects`)).status > 0);
  }
}

async function ownSpec(host: string, supervisor: Supervisor): Promise<ProcessSpec> {
  const directory = supervisor.dataDirectory(`grafeas-${host.replace(':', '-')}`);
  const config = join(directory, 'config.yaml');
  const text = `grafeas:\n  api:\n    address: "${host}"\n  storage_type: "embedded"\n  embedded:\n    path: "${directory}"\n`;
  writeFileSync(config, text);
  return { name: '', command: await ensureBinary('grafeas'), args: ['--config', config] };
}

async function analysisSpec(host: string, { project, writer = '', reader = '' }: GrafeasOptions): Promise<ProcessSpec> {
  const args = ['-address', host, '-project', project];
  return { name: '', command: await ensureBinary('grafeas-v1'), args, env: { WRITER: writer, READER: reader } };
}
