// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listField, objectField, stringField } from '../../../src/json/fields.ts';
import { ensureBinaries, ensureBinary } from '../binaries/ensure-binary.ts';
import { borrowPlane } from '../pool/borrow-plane.ts';
import type { PlaneLayer } from '../pool/plane-layer.ts';
import { freePort } from '../processes/free-port.ts';
import { measured } from '../processes/measured.ts';
import { runCommand, type CommandOutput } from '../processes/run-command.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { type ApiAnswer, ApiClient } from './api-client.ts';
import { ApiServer } from './api-server.ts';
import { controllerManagerArgs } from './controller-manager-args.ts';
import { CutProxy } from './cut-proxy.ts';
import type { PlaneAccess } from './plane-access.ts';
import { startEtcd } from './start-etcd.ts';
import { writeKubeconfig, type KubeconfigSpec } from './write-kubeconfig.ts';

export interface ControlPlaneOptions {
  /** Further flags of kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
  /** A control plane that was started for this test alone, which may restart its API server. Otherwise the suite may lend one. */
  readonly own?: boolean;
  /** With these layers, if the suite lends one; see `access.layers` and `installMissing`. */
  readonly layers?: readonly PlaneLayer[];
}

export interface KubectlOptions {
  readonly stdin?: string;
  /** Another identity than the administrator. */
  readonly kubeconfig?: string;
  readonly timeoutSeconds?: number;
}

/** Options for restarting an API server. */
export interface RestartOptions {
  /** Seconds for an orderly end; 0 kills it. 0 by default, the quickest. */
  readonly graceSeconds?: number;
  /** Runs while no API server listens. */
  readonly whileDown?: () => Promise<void>;
}

/** etcd, kube-apiserver and kube-controller-manager: a cluster's brain without nodes. */
export class ControlPlane {
  readonly access: PlaneAccess;
  /** A kubeconfig of the administrator (group `system:masters`). */
  readonly kubeconfigPath: string;
  readonly #supervisor: Supervisor;
  /** Undefined where the suite lends the control plane. */
  readonly #apiServer: ApiServer | undefined;
  readonly #client: ApiClient;
  #kubeconfigs = 0;

  private constructor(supervisor: Supervisor, access: PlaneAccess, apiServer?: ApiServer) {
    this.#supervisor = supervisor;
    this.#apiServer = apiServer;
    this.access = access;
    this.#client = new ApiClient(access.url, access.adminToken, () => readFileSync(access.caFile));
    this.kubeconfigPath = join(supervisor.directory, 'kubeconfig');
    const { url: server, caFile, adminToken: token } = access;
    writeKubeconfig(this.kubeconfigPath, { server, caFile, token, user: 'admin' });
  }

  /**
   * Builds what is missing and starts everything; resolves when pods could be created in `default`. Within a run of the
   * whole suite it is a control plane that another test may have had before, without anything of that test.
   */
  static async start(supervisor: Supervisor, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    return measured('starting', async () => {
      const isOwn = options.own === true || options.apiServerArgs !== undefined;
      const lent = isOwn ? undefined : await borrowPlane(supervisor, options.layers ?? []);
      return lent === undefined
        ? ControlPlane.#startOwn(supervisor, options.apiServerArgs ?? [])
        : new ControlPlane(supervisor, lent);
    });
  }

  static async #startOwn(supervisor: Supervisor, extraArgs: readonly string[]): Promise<ControlPlane> {
    await ensureBinaries(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']);
    const port = await freePort();
    const adminToken = randomBytes(16).toString('hex');
    const etcdURL = await startEtcd(await ensureBinary('etcd'), supervisor);
    const binary = await ensureBinary('kube-apiserver');
    const apiServer = new ApiServer({ binary, port, etcdURL, adminToken, extraArgs }, supervisor);
    await apiServer.start();
    const { url, caFile } = apiServer;
    const logDirectory = join(supervisor.directory, 'logs');
    const access = { url, port, adminToken, caFile, etcdURL, logDirectory, layers: [] };
    const plane = new ControlPlane(supervisor, access, apiServer);
    await plane.#startControllerManager(apiServer);
    return plane;
  }

  /** `https://127.0.0.1:<port>`; also the issuer of ServiceAccount tokens. */
  get url(): string {
    return this.access.url;
  }

  get adminToken(): string {
    return this.access.adminToken;
  }

  /** PEM of the authority that signed the API server's certificate, which is valid for 127.0.0.1. */
  get caFile(): string {
    return this.access.caFile;
  }

  /** Runs kubectl as the administrator (or with another kubeconfig) and returns what it printed. */
  async kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<CommandOutput> {
    const env = { ...this.#supervisor.environment(), KUBECONFIG: options.kubeconfig ?? this.kubeconfigPath };
    return runCommand(await ensureBinary('kubectl'), args, {
      env,
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
      ...(options.timeoutSeconds === undefined ? {} : { timeoutSeconds: options.timeoutSeconds }),
    });
  }

  /** The path of a new kubeconfig with a one-hour TokenRequest token of a ServiceAccount. */
  async kubeconfigFor(namespace: string, serviceAccount: string): Promise<string> {
    const token = await this.tokenOf(namespace, serviceAccount);
    return this.#writeKubeconfig({ token, user: serviceAccount, namespace });
  }

  /** A one-hour TokenRequest token of a ServiceAccount. */
  async tokenOf(namespace: string, serviceAccount: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
    const { status, text } = await this.#client.post(path, request);
    const answer: unknown = status === 201 ? JSON.parse(text) : undefined;
    const token = stringField(objectField(answer, 'status'), 'token');
    if (token === undefined) throw new Error(`no token for ${namespace}/${serviceAccount}: ${status}: ${text}`);
    return token;
  }

  /** The path of a new kubeconfig that acts under the name of a ServiceAccount, with all rights and for ever. */
  kubeconfigNamed(namespace: string, name: string): string {
    return this.#writeKubeconfig({ token: this.adminToken, user: name, namespace, actAs: { namespace, name } });
  }

  /** Kills (or, with a grace period, ends) the API server and starts it on the same port and data. */
  async restartApiServer(options: RestartOptions = {}): Promise<void> {
    if (this.#apiServer === undefined) throw new Error('the suite lends this control plane: start it with {own: true}');
    await this.#apiServer.stop(options.graceSeconds ?? 0);
    await options.whileDown?.();
    await this.#apiServer.start();
  }

  /** A new proxy in front of the API server that can break connections; see `kubeconfigVia`. It ends with the supervisor. */
  async cutProxy(): Promise<CutProxy> {
    const proxy = await CutProxy.start(this.access.port);
    this.#supervisor.onStop(() => proxy.stop());
    return proxy;
  }

  /** The path of a new kubeconfig: the administrator's unless a token is given, straight or through a proxy. */
  kubeconfigVia(proxy: CutProxy, token = this.adminToken): string {
    return this.#writeKubeconfig({ token, user: 'via-proxy', server: proxy.url });
  }

  /** Returns true when the API server reports that it is ready. */
  async isReady(): Promise<boolean> {
    return (await this.#client.get('/readyz')).status === 200;
  }

  /** Returns true when the API server announces a resource of a group's version (`hallmark.dev/v1alpha1`), and lists it. */
  async isServing(groupVersion: string, plural: string): Promise<boolean> {
    const announced = await this.#client.get(`/apis/${groupVersion}`);
    if (announced.status !== 200) return false;
    const resources = listField(JSON.parse(announced.text), 'resources');
    if (!resources.some((resource) => stringField(resource, 'name') === plural)) return false;
    return (await this.#client.get(`/apis/${groupVersion}/${plural}?limit=1`)).status === 200;
  }

  /** Asks for an object in the collection at a path. @returns the answer, whatever its status, with its warnings */
  post(path: string, object: object): Promise<ApiAnswer> {
    return this.#client.post(path, object);
  }

  /** An object as the API server would make it in the collection at a path, which it does not; rejects when it would refuse it. */
  async rehearse(path: string, object: object): Promise<unknown> {
    const { status, text } = await this.#client.post(`${path}?dryRun=All`, object);
    if (status !== 201) throw new Error(`${path} takes no such object: ${status}: ${text}`);
    return JSON.parse(text);
  }

  #writeKubeconfig(spec: Omit<KubeconfigSpec, 'server' | 'caFile'> & { readonly server?: string }): string {
    this.#kubeconfigs += 1;
    const path = join(this.#supervisor.dataDirectory('kubeconfigs'), `${this.#kubeconfigs}-${spec.user}.yaml`);
    writeKubeconfig(path, { server: this.url, caFile: this.caFile, ...spec });
    return path;
  }

  async #startControllerManager({ serviceAccountKeyFile }: ApiServer): Promise<void> {
    const args = controllerManagerArgs({
      port: await freePort(),
      kubeconfig: this.kubeconfigPath,
      serviceAccountKeyFile,
      caFile: this.caFile,
    });
    const command = await ensureBinary('kube-controller-manager');
    const manager = this.#supervisor.start({ name: 'kube-controller-manager', command, args, graceSeconds: 0 });
    const account = '/api/v1/namespaces/default/serviceaccounts/default';
    await manager.untilReady(async () => (await this.#client.get(account)).status === 200);
  }
}
