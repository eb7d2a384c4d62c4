// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Access } from '../credentials/access.ts';
import { CredentialError } from '../credentials/credential-error.ts';
import { KubeClient } from '../kube/kube-client.ts';
import { KubeConnection } from '../kube/kube-connection.ts';
import { KubeObjectReader } from '../kube/kube-object-reader.ts';
import type { Resource } from '../kube/resource.ts';
import { EgressClient } from '../net/egress-client.ts';
import { systemClock as clock } from '../runtime/clock.ts';
import { TrustedRoots } from '../trust/trusted-roots.ts';
import { UncheckedError } from './cli-error.ts';

/** The server that the client library assumes without a kubeconfig. */
const UNCONFIGURED = 'http://localhost:8080';

export interface ClusterOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly operatorNamespace?: string;
}

/** A command's access to the cluster of the kubeconfig and to the user's network. Connections are opened on first use. */
export class CliContext {
  /** The user chooses the hosts, so none is refused. */
  readonly egress = new EgressClient({ allow: ['0.0.0.0/0', '::/0'] });
  readonly operatorNamespace: string;
  readonly #options: ClusterOptions;
  #opened: { readonly connection: KubeConnection; readonly client: KubeClient } | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.operatorNamespace = options.operatorNamespace ?? 'hallmark-system';
  }

  /** The namespace of the option, else of the kubeconfig context. */
  get namespace(): string {
    return this.#options.namespace ?? this.cluster().connection.namespace ?? 'default';
  }

  /** Reads an object, unparsed. @returns undefined if it does not exist @throws UncheckedError if the API server fails */
  async find(resource: Resource<unknown>, name: string, signal: AbortSignal): Promise<unknown> {
    const { client } = this.cluster();
    const place = resource.namespaced ? { namespace: this.namespace, name } : { name };
    try {
      return await client.find(resource, place, { signal });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown failure';
      throw new UncheckedError(`reading ${resource.kind} ${name}: ${reason}`, { cause: error });
    }
  }

  /** Access for readers of ConfigMaps: no Secret and no token can be read through it. */
  access(): Access {
    const { egress } = this;
    const tokens = { token: () => Promise.reject(new CredentialError('Forbidden', 'the command requests no tokens')) };
    const reader = (): KubeObjectReader => new KubeObjectReader({ client: this.cluster().client, clock });
    const objects = {
      getSecret: () => Promise.resolve(undefined),
      getTypedSecret: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
      getConfigMap: (namespace: string, name: string, signal: AbortSignal) =>
        reader().getConfigMap(namespace, name, signal),
    };
    return { objects, tokens, egress, clock };
  }

  trustedRoots(): TrustedRoots {
    return new TrustedRoots(this.access(), { cacheDirectory: this.tufDirectory });
  }

  /** The folder for the metadata of TUF mirrors. */
  get tufDirectory(): string {
    const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
    return join(cache, 'hallmark', 'tuf');
  }

  async close(): Promise<void> {
    await Promise.all([this.egress.close(), this.#opened?.connection.close()]);
  }

  /** @throws UncheckedError if there is no kubeconfig, or it cannot be used */
  cluster(): { readonly connection: KubeConnection; readonly client: KubeClient } {
    if (this.#opened !== undefined) return this.#opened;
    const { context } = this.#options;
    try {
      const connection = KubeConnection.fromDefault({ clock, ...(context === undefined ? {} : { context }) });
      if (connection.server === UNCONFIGURED)
        throw new Error('no kubeconfig: set KUBECONFIG, or create ~/.kube/config');
      const client = new KubeClient({ connection, clock, userAgent: 'hallmark-cli' });
      this.#opened = { connection, client };
      return this.#opened;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown failure';
      throw new UncheckedError(`no cluster can be reached: ${reason}`, { cause: error });
    }
  }
}
