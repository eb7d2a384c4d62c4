// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess, ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';

export interface TransitOptions {
  /** The issuer whose ServiceAccount tokens log in: the API server itself. */
  readonly cluster?: { readonly url: string; readonly caFile: string; readonly adminToken: string };
}

/** A role: its login, and its policies. */
export interface TransitRole {
  readonly method: 'jwt' | 'kubernetes';
  readonly audience: string;
  /** `system:serviceaccount:NAMESPACE:NAME`. */
  readonly subject: string;
  readonly policies: readonly string[];
  /** Lifetime of the role's tokens in seconds; 0 for no end. */
  readonly seconds?: number;
}

type KeyType = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa-2048' | 'rsa-4096' | 'ed25519' | 'aes256-gcm96';

/** OpenBao's transit engine as a server that can go down and come back with its keys, tokens and roles. */
export class Transit {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly rootToken: string;
  readonly #supervisor: Supervisor;
  readonly #spec: ProcessSpec;
  #running: ManagedProcess | undefined;

  private constructor(supervisor: Supervisor, address: { host: string; rootToken: string }, spec: ProcessSpec) {
    this.host = address.host;
    this.url = `http://${address.host}`;
    this.rootToken = address.rootToken;
    this.#supervisor = supervisor;
    this.#spec = spec;
  }

  /** Builds the server when it is missing, and starts it. */
  static async start(supervisor: Supervisor, { cluster }: TransitOptions = {}): Promise<Transit> {
    const command = await ensureBinary('transit');
    const host = `127.0.0.1:${await freePort()}`;
    const rootToken = `root.${randomBytes(16).toString('hex')}`;
    const name = `transit-${host.split(':')[1] ?? ''}`;
    const args = ['-address', host, '-data', supervisor.dataDirectory(name)];
    const issuer = cluster === undefined ? [] : ['-issuer', cluster.url, '-ca', cluster.caFile];
    const reviewer = cluster === undefined ? {} : { REVIEWER_TOKEN: cluster.adminToken };
    const env = { ROOT_TOKEN: rootToken, ...reviewer };
    const spec = { name, command, args: [...args, ...issuer], env, graceSeconds: 0 };
    const transit = new Transit(supervisor, { host, rootToken }, spec);
    await transit.up();
    return transit;
  }

  /** Kills it: connections are refused. */
  async down(): Promise<void> {
    await this.#running?.stop(0);
    this.#running = undefined;
  }

  /** Brings it back on the same port with what it had; does nothing when it runs. */
  async up(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start(this.#spec);
    this.#running = running;
    await running.untilReady(async () => (await fetch(`${this.url}/v1/sys/health`)).ok);
  }

  async createKey(name: string, type: KeyType = 'ecdsa-p256', mount = 'transit'): Promise<void> {
    await this.#post(`${mount}/keys/${name}`, { type });
  }

  /** Makes a new version of a key, which signs from now on. */
  async rotateKey(name: string): Promise<void> {
    await this.#post(`transit/keys/${name}/rotate`, {});
  }

  /** Settings of a key, such as `min_encryption_version`. */
  async configureKey(name: string, settings: object): Promise<void> {
    await this.#post(`transit/keys/${name}/config`, settings);
  }

  /** Mounts another engine, such as `team/transit` for the namespace `team`. */
  async mount(path: string): Promise<void> {
    await this.#post(`sys/mounts/${path}`, { type: 'transit' });
  }

  /** Lets a policy use paths; `*` stands for one part of a path. */
  async policy(name: string, paths: readonly string[]): Promise<void> {
    await this.#post(`sys/policies/acl/${name}`, { paths });
  }

  /** The least rights for signing with a key. */
  async signingPolicy(name: string, key: string, mount = 'transit'): Promise<void> {
    await this.policy(name, [`${mount}/keys/${key}`, `${mount}/sign/${key}/*`]);
  }

  /** A role at an auth method's mount, such as `auth/jwt`. */
  async role(mount: string, name: string, role: TransitRole): Promise<void> {
    await this.#post(`${mount}/role/${name}`, { seconds: 0, ...role });
  }

  /** A new token with these policies. */
  async token(policies: readonly string[]): Promise<string> {
    const answer: unknown = JSON.parse(await this.#post('auth/token/create', { policies }));
    const auth: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'auth') : undefined;
    if (typeof auth === 'object' && auth !== null && 'client_token' in auth) return String(auth.client_token);
    throw new Error('the transit server gave no token');
  }

  async revoke(token: string): Promise<void> {
    await this.#post('auth/token/revoke', { token });
  }

  async #post(path: string, body: object): Promise<string> {
    const headers = { 'x-vault-token': this.rootToken };
    const answer = await fetch(`${this.url}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the transit server answers ${path} with ${answer.status}: ${text}`);
    return text;
  }
}
