// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Access } from '../credentials/access.ts';
import { CredentialError } from '../credentials/credential-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeConnection } from '../kube/kube-connection.ts';
import type { Resource } from '../kube/resource.ts';
import type { EgressClient } from '../net/egress-client.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import type { DriverContext } from '../storage/driver.ts';
import type { TrustedRoots } from '../trust/trusted-roots.ts';
import { UncheckedError } from './cli-error.ts';

/** The server that the client library assumes without a kubeconfig. */
const UNCONFIGURED = 'http://localhost:8080';

export interface ClusterOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly operatorNamespace?: string;
}

/** The cluster of the kubeconfig. */
export interface Cluster {
  readonly connection: KubeConnection;
  readonly client: KubeClient;
}

/**
 * A command's access to the cluster of the kubeconfig and to the user's network. Clients are loaded and connections opened on first use,
 * because the clients take longer to load than most commands take to run.
 */
export class CliContext {
  readonly operatorNamespace: string;
  readonly #options: ClusterOptions;
  #cluster: Promise<Cluster> | undefined;
  #egress: Promise<EgressClient> | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.operatorNamespace = options.operatorNamespace ?? 'hallmark-system';
  }

  /** The namespace of the option; undefined without it. */
  get givenNamespace(): string | undefined {
    return this.#options.namespace;
  }

  /** The namespace of the option, else of the kubeconfig context. */
  async namespace(): Promise<string> {
    return this.#options.namespace ?? (await this.cluster()).connection.namespace ?? 'default';
  }

  /** Reads an object, unparsed. @returns undefined if it does not exist @throws UncheckedError if the API server fails */
  async find(resource: Resource<unknown>, name: string, signal: AbortSignal): Promise<unknown> {
    const { client } = await this.cluster();
    const place = resource.namespaced ? { namespace: await this.namespace(), name } : { name };
    try {
      return await client.find(resource, place, { signal });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown failure';
      throw new UncheckedError(`reading ${resource.kind} ${name}: ${reason}`, { cause: error });
    }
  }

  /** Access for readers of ConfigMaps: no Secret and no token can be read through it. */
  async access(): Promise<Access> {
    const egress = await this.egress();
    const tokens = { token: () => Promise.reject(new CredentialError('Forbidden', 'the command requests no tokens')) };
    const objects = {
      getSecret: () => Promise.resolve(undefined),
      getTypedSecret: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
      getConfigMap: async (namespace: string, name: string, signal: AbortSignal) => {
        const { KubeObjectReader } = await import('../kube/kube-object-reader.ts');
        const { client } = await this.cluster();
        return new KubeObjectReader({ client, clock }).getConfigMap(namespace, name, signal);
      },
    };
    return { objects, tokens, egress, clock };
  }

  /** Access for drivers that read evidence back: Secrets as the user may read them, the user's own cloud login, and no tokens. */
  async backendAccess(): Promise<DriverContext> {
    const [{ KubeObjectReader }, { KubeRunAnnotator }] = await Promise.all([
      import('../kube/kube-object-reader.ts'),
      import('../kube/kube-run-annotator.ts'),
    ]);
    const { client } = await this.cluster();
    const objects = new KubeObjectReader({ client, clock });
    return { ...(await this.access()), objects, annotator: new KubeRunAnnotator(client) };
  }

  async trustedRoots(): Promise<TrustedRoots> {
    const { TrustedRoots: Roots } = await import('../trust/trusted-roots.ts');
    return new Roots(await this.access(), { cacheDirectory: this.tufDirectory });
  }

  /** The folder for the metadata of TUF mirrors. */
  get tufDirectory(): string {
    const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
    return join(cache, 'hallmark', 'tuf');
  }

  async close(): Promise<void> {
    const opened = [this.#egress, this.#cluster?.then(({ connection }) => connection)];
    // One that could not be opened needs no closing, and its failure was reported.
    const closed = opened.map(async (opening) => {
      const client = await opening?.catch(() => undefined);
      await client?.close();
    });
    await Promise.all(closed);
  }

  /** The client for the user's network. The user chooses the hosts, so none is refused. */
  egress(): Promise<EgressClient> {
    this.#egress ??= import('../net/egress-client.ts').then(
      (loaded) => new loaded.EgressClient({ allow: ['0.0.0.0/0', '::/0'] }),
    );
    return this.#egress;
  }

  /** @throws UncheckedError if there is no kubeconfig, or it cannot be used */
  cluster(): Promise<Cluster> {
    this.#cluster ??= openCluster(this.#options);
    return this.#cluster;
  }
}

async function openCluster({ context }: ClusterOptions): Promise<Cluster> {
  const [{ KubeConnection: Connection }, { KubeClient: Client }] = await Promise.all([
    import('../kube/kube-connection.ts'),
    import('../kube/kube-client.ts'),
  ]);
  try {
    // The client library reports the missing file of a variable by its system call alone.
    const missing = (process.env['KUBECONFIG'] ?? '').split(delimiter).find((path) => path !== '' && !existsSync(path));
    if (missing !== undefined) throw new Error(`the kubeconfig ${missing} of KUBECONFIG does not exist`);
    const connection = Connection.fromDefault({ clock, ...(context === undefined ? {} : { context }) });
    if (connection.server === UNCONFIGURED) throw new Error('no kubeconfig: set KUBECONFIG, or create ~/.kube/config');
    return { connection, client: new Client({ connection, clock, userAgent: 'hallmark-cli' }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown failure';
    throw new UncheckedError(`no cluster can be reached: ${reason}`, { cause: error });
  }
}
