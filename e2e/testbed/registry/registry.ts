// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import type { Credentials } from './credentials.ts';
import { pushImage, type PushedImage } from './push-image.ts';
import { referrersRegistrySpec } from './referrers-registry-spec.ts';
import { RegistryClient } from './registry-client.ts';
import { tagRegistrySpec } from './tag-registry-spec.ts';
import { TokenServer } from './token-server.ts';

export interface RegistryOptions {
  /** With the OCI 1.1 referrers API (go-containerregistry's), or without it (distribution). */
  readonly referrers: boolean;
  /** The one account that may read and write; everybody when absent. */
  readonly auth?: Credentials;
  /** Ask for a token of a token server instead of Basic authentication. Only without referrers, only with `auth`. */
  readonly token?: boolean;
  readonly tls?: boolean;
  readonly port?: number;
}

/** The settings with which either kind of registry starts. */
export interface RegistrySetup {
  readonly name: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly auth: Credentials | undefined;
  readonly tokenServer: TokenServer | undefined;
  /** Holds `tls.crt` and `tls.key`; plain HTTP when absent. */
  readonly tlsDirectory: string | undefined;
}

/** A registry on a fixed port of 127.0.0.1 that can go down and come back with its content. */
export class Registry {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly credentials: Credentials | undefined;
  /** PEM of the authority behind the certificate, with `tls` only. */
  readonly caFile: string | undefined;
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  readonly #tokenServer: TokenServer | undefined;
  #running: ManagedProcess | undefined;

  private constructor(supervisor: Supervisor, setup: RegistrySetup, spec: ProcessSpec) {
    this.host = `127.0.0.1:${setup.port}`;
    this.credentials = setup.auth;
    this.caFile = setup.tlsDirectory === undefined ? undefined : join(setup.tlsDirectory, 'ca.crt');
    this.#supervisor = supervisor;
    this.#spec = spec;
    this.#tokenServer = setup.tokenServer;
  }

  /** Builds the registry when it is missing, and starts it. */
  static async start(supervisor: Supervisor, options: RegistryOptions): Promise<Registry> {
    const { referrers, auth, token = false, tls = false, port = await freePort() } = options;
    if (token && (referrers || auth === undefined))
      throw new Error('token needs auth and a registry without referrers');
    const name = `${referrers ? 'referrers' : 'tag'}-registry-${port}`;
    const setup: RegistrySetup = {
      name,
      port,
      dataDirectory: supervisor.dataDirectory(name),
      auth,
      tokenServer: token && auth !== undefined ? await TokenServer.start(auth) : undefined,
      tlsDirectory: tls ? await writeCertificate(supervisor, name) : undefined,
    };
    const spec = await (referrers ? referrersRegistrySpec(setup) : tagRegistrySpec(setup));
    const registry = new Registry(supervisor, setup, spec);
    await registry.up();
    return registry;
  }

  /** Takes it down: connections are refused. With 0 seconds it is killed. */
  async down(graceSeconds = 5): Promise<void> {
    await this.#running?.stop(graceSeconds);
    this.#running = undefined;
  }

  /** Brings it back on the same port with the same content; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    await running.untilReady(async () => [200, 401].includes((await this.client().send('/v2/')).status));
  }

  async restart(): Promise<void> {
    await this.down();
    await this.up();
  }

  /** Ends it for good, with its token server. */
  async stop(): Promise<void> {
    await this.down();
    await this.#tokenServer?.stop();
  }

  /** Requests to it with its own account, or without any. */
  client(credentials = this.credentials): RegistryClient {
    return new RegistryClient({ host: this.host, credentials, caFile: this.caFile });
  }

  /** Pushes a small random image with the registry's own account. */
  pushImage(repository: string, tag?: string): Promise<PushedImage> {
    return pushImage(this, repository, tag);
  }

  /** The log of the registry's requests so far. */
  log(): string {
    return this.#running?.logTail(100_000) ?? '';
  }
}

async function writeCertificate(supervisor: Supervisor, name: string): Promise<string> {
  const directory = supervisor.dataDirectory(`${name}-tls`);
  await runCommand(await ensureBinary('referrers-registry'), ['-write-certificate', directory], {
    env: supervisor.environment(),
  });
  return directory;
}
