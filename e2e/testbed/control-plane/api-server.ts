// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { ApiClient } from './api-client.ts';

export interface ApiServerSpec {
  readonly binary: string;
  readonly port: number;
  readonly etcdURL: string;
  readonly adminToken: string;
  /** Further flags, the last of a name wins. */
  readonly extraArgs: readonly string[];
}

/** kube-apiserver on a fixed port of 127.0.0.1, which may be stopped and started on the same data. */
export class ApiServer {
  readonly url: string;
  readonly caFile: string;
  /** The private half of the key that signs ServiceAccount tokens (PKCS#8). */
  readonly serviceAccountKeyFile: string;
  readonly client: ApiClient;
  readonly #spec: ApiServerSpec;
  readonly #supervisor: Supervisor;
  readonly #directory: string;
  #running: ManagedProcess | undefined;

  constructor(spec: ApiServerSpec, supervisor: Supervisor) {
    this.#spec = spec;
    this.#supervisor = supervisor;
    this.#directory = supervisor.dataDirectory('kube-apiserver');
    this.url = `https://127.0.0.1:${spec.port}`;
    // The server makes its certificate itself and appends the authority that signed it.
    this.caFile = join(this.#directory, 'apiserver.crt');
    this.serviceAccountKeyFile = join(this.#directory, 'service-account.key');
    this.client = new ApiClient(this.url, spec.adminToken, () => readFileSync(this.caFile));
    this.#writeCredentials();
  }

  /** Starts it and waits until it is ready; does nothing when it runs. */
  async start(): Promise<void> {
    if (this.#running !== undefined && this.#running.exit === undefined) return;
    const running = this.#supervisor.start({
      name: 'kube-apiserver',
      command: this.#spec.binary,
      args: this.#args(),
      graceSeconds: 0,
    });
    this.#running = running;
    const isReady = async (): Promise<boolean> =>
      existsSync(this.caFile) && (await this.client.get('/readyz')).status === 200;
    await running.untilReady(isReady);
  }

  /** Ends it: orderly within the grace period, or at once with 0 seconds. */
  async stop(graceSeconds: number): Promise<void> {
    await this.#running?.stop(graceSeconds);
    this.#running = undefined;
  }

  #writeCredentials(): void {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(this.serviceAccountKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(this.#publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(this.#tokenFile, `${this.#spec.adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 });
  }

  get #publicKeyFile(): string {
    return join(this.#directory, 'service-account.pub');
  }

  get #tokenFile(): string {
    return join(this.#directory, 'tokens.csv');
  }

  #args(): string[] {
    return [
      `--etcd-servers=${this.#spec.etcdURL}`,
      `--bind-address=127.0.0.1`,
      `--advertise-address=127.0.0.1`,
      `--secure-port=${this.#spec.port}`,
      `--cert-dir=${this.#directory}`,
      // A loopback address may not become an endpoint of the `kubernetes` Service.
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--token-auth-file=${this.#tokenFile}`,
      // The issuer is a URL that answers, so that others (Fulcio) can discover the keys.
      `--service-account-issuer=${this.url}`,
      `--service-account-jwks-uri=${this.url}/openid/v1/jwks`,
      `--service-account-signing-key-file=${this.serviceAccountKeyFile}`,
      `--service-account-key-file=${this.#publicKeyFile}`,
      '--profiling=false',
      ...this.#spec.extraArgs,
    ];
  }
}
