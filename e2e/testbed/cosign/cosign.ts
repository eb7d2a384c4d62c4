// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { runCommand, type CommandOutput } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { type Credentials, dockerConfigOf } from '../registry/credentials.ts';
import type { RegistryAddress } from '../registry/registry-client.ts';

export interface CosignOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
}

/** The real cosign, with a home of its own: it neither reads nor writes the user's keys, logins and trust roots. */
export class Cosign {
  readonly #supervisor: Supervisor;
  readonly #binary: string;
  readonly #logins = new Map<string, Credentials>();

  private constructor(supervisor: Supervisor, binary: string) {
    this.#supervisor = supervisor;
    this.#binary = binary;
  }

  /** Builds cosign when it is missing. */
  static async prepare(supervisor: Supervisor): Promise<Cosign> {
    return new Cosign(supervisor, await ensureBinary('cosign'));
  }

  /** Runs cosign; rejects with CommandFailed unless it ends with 0. Offline as long as `args` ask for nothing else. */
  run(args: readonly string[], options: CosignOptions = {}): Promise<CommandOutput> {
    const env = {
      ...this.#supervisor.environment(),
      COSIGN_PASSWORD: '',
      COSIGN_YES: 'true',
      DOCKER_CONFIG: this.#dockerDirectory(),
      TUF_ROOT: this.#supervisor.dataDirectory('cosign-tuf'),
      ...options.env,
    };
    return runCommand(this.#binary, args, {
      env,
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  }

  /** Lets later runs log in to this registry, too. Runs that are under way read a whole file all the same. */
  login({ host, credentials }: RegistryAddress): void {
    if (credentials === undefined) return;
    this.#logins.set(host, credentials);
    const path = join(this.#dockerDirectory(), 'config.json');
    writeFileSync(`${path}.new`, dockerConfigOf(this.#logins), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Makes a key pair without a password: `cosign.key` and `cosign.pub` in a new folder. */
  async generateKeyPair(name: string): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
    const directory = this.#supervisor.dataDirectory(`cosign-keys-${name}`);
    await this.run(['generate-key-pair'], { cwd: directory });
    return { privateKey: join(directory, 'cosign.key'), publicKey: join(directory, 'cosign.pub') };
  }

  #dockerDirectory(): string {
    const directory = join(this.#supervisor.directory, 'home', '.docker');
    mkdirSync(directory, { recursive: true });
    return directory;
  }
}
