// SPDX-License-Identifier: Apache-2.0
import type { AWSAuthentication } from '../../api/v1alpha1/backend-types/cloud-authentication.ts';
import type { EffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { Access } from '../../credentials/access.ts';
import { awsCredentials } from '../../credentials/aws/aws-credentials.ts';
import type { AwsCredentialProvider } from '../../credentials/aws/aws-credentials.ts';
import { awsRequestHandler } from '../../credentials/aws/aws-request-handler.ts';
import type { AwsRequestHandler } from '../../credentials/aws/aws-request-handler.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { backendIdentity } from '../backend-definition.ts';
import { backendTls } from '../http/backend-tls.ts';
import type { BackendDefinition } from '../backend-definition.ts';

/** The settings of a connection to an AWS service. */
export interface AwsSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly authentication: AWSAuthentication;
  readonly tls: EffectiveTls;
}

/** The constructor of an SDK client, and the longest response that it reads. */
export interface AwsClientMaker<Client> {
  readonly make: (config: AwsClientConfig) => Promise<Client>;
  readonly maxResponseBytes: number;
}

/** The settings of every SDK client. It tries once, because the record is retried. */
export interface AwsClientConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials: AwsCredentialProvider;
  readonly requestHandler: AwsRequestHandler;
  readonly maxAttempts: 1;
  /** Ignore endpoints in the operator's own environment: they are not for the backends of teams. */
  readonly ignoreConfiguredEndpointUrls: boolean;
}

const TIMEOUT_MS = 30_000;

/** One client of the SDK, loaded and made with the first call, and remade when the backend's certificates change. */
export class AwsConnection<Client extends { destroy(): void }> {
  readonly #backend: BackendDefinition;
  readonly #settings: AwsSettings;
  readonly #access: Access;
  readonly #maker: AwsClientMaker<Client>;
  #current: { readonly client: Promise<Client>; readonly ca: string | undefined } | undefined;

  constructor(backend: BackendDefinition, settings: AwsSettings, access: Access, maker: AwsClientMaker<Client>) {
    this.#backend = backend;
    this.#settings = settings;
    this.#access = access;
    this.#maker = maker;
  }

  /** @throws StorageError, and any error of reading the backend's references */
  async client(signal: AbortSignal): Promise<Client> {
    const tls = await backendTls(this.#backend, this.#settings.tls, this.#access.objects, signal);
    const previous = this.#current;
    if (previous !== undefined && previous.ca === tls.ca) return previous.client;
    const client = this.#maker.make(this.#config(tls));
    this.#current = { client, ca: tls.ca };
    await end(previous?.client);
    return client;
  }

  async close(): Promise<void> {
    const previous = this.#current;
    this.#current = undefined;
    await end(previous?.client);
  }

  #config(tls: TlsOptions): AwsClientConfig {
    const { region, endpoint, authentication } = this.#settings;
    const { roleARN, stsEndpoint } = authentication;
    const identity = backendIdentity(this.#backend, authentication);
    return {
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      credentials: awsCredentials({ identity, region, roleARN, stsEndpoint, tls }, this.#access),
      requestHandler: awsRequestHandler(this.#access.egress, {
        tls,
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: this.#maker.maxResponseBytes,
      }),
      maxAttempts: 1,
      ignoreConfiguredEndpointUrls: this.#backend.kind !== 'ClusterStorageBackend',
    };
  }
}

async function end(client: Promise<{ destroy(): void }> | undefined): Promise<void> {
  const made = await client?.catch(() => undefined);
  made?.destroy();
}
