// SPDX-License-Identifier: Apache-2.0
import { KeyManagementServiceClient } from '@google-cloud/kms';
import type { protos } from '@google-cloud/kms';
import type { Access } from '../../../credentials/access.ts';
import { googleAuth } from '../../../credentials/google/google-auth.ts';
import { isTokenRecipient } from '../../../credentials/google/token-recipient.ts';
import { retryAfterSeconds } from '../../../net/retry-after.ts';
import { SigningError } from '../../signing-error.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import { googleFailure } from './google-failure.ts';

/** A call's limits, as the client library takes them. */
interface CallLimits {
  readonly signal: AbortSignal;
  readonly timeout: number;
  /** The caller retries, and knows when. */
  readonly retry: null;
}

type Call<Result> = (client: KeyManagementServiceClient, limits: CallLimits) => Promise<Result>;
export type CryptoKeyVersion = protos.google.cloud.kms.v1.ICryptoKeyVersion;

const SCOPES = ['https://www.googleapis.com/auth/cloudkms'] as const;
const ENDPOINT = 'cloudkms.googleapis.com';
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?$/;
const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 256 * 1024;

/**
 * Cloud KMS, called as a policy's identity. The REST form of the API is spoken: its requests go through the egress client, which
 * checks the address that is connected to and caps the answer. The gRPC form would resolve names and open connections by itself.
 */
export class GoogleService {
  readonly #definition: KmsDefinition;
  readonly #access: Access;
  readonly #host: string;
  readonly #port: number;
  #client: Promise<KeyManagementServiceClient> | undefined;

  /** @throws SigningError `KeyNotFound` for an endpoint that is none */
  constructor(definition: KmsDefinition, access: Access) {
    const [, host, port] = HOST.exec(definition.spec.google?.endpoint ?? ENDPOINT) ?? [];
    if (host === undefined) {
      const message = `key ${definition.uri}: google.endpoint is not host or host:port: correct it`;
      throw new SigningError('KeyNotFound', message);
    }
    this.#definition = definition;
    this.#access = access;
    this.#host = host;
    this.#port = Number(port ?? 443);
  }

  /** @throws SigningError where the answer has a meaning; otherwise the library's error, which must not be shown */
  async call<Result>(signal: AbortSignal, call: Call<Result>): Promise<Result> {
    try {
      this.#client ??= this.#open();
      return await call(await this.#client, { signal, timeout: TIMEOUT_MS, retry: null });
    } catch (error) {
      signal.throwIfAborted();
      throw googleFailure(error, this.#definition.uri);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await (await client?.catch(() => undefined))?.close();
  }

  async #open(): Promise<KeyManagementServiceClient> {
    const { identity, tls, spec, uri } = this.#definition;
    if (identity.type === 'ServiceAccount') this.#mayGetTokens();
    const { workloadIdentityProvider, serviceAccountEmail, stsEndpoint } = spec.google ?? {};
    const options = { identity, tls, workloadIdentityProvider, serviceAccountEmail, stsEndpoint };
    const limits = { scopes: SCOPES, maxResponseBytes: MAX_RESPONSE_BYTES, timeoutMs: TIMEOUT_MS };
    const refusal = (status: number, headers: Readonly<Record<string, string>>): SigningError | undefined =>
      status === 429 || status >= 500 ? busy(uri, status, headers) : undefined;
    const authClient = await googleAuth({ ...options, ...limits, refusal }, this.#access);
    return new KeyManagementServiceClient({ authClient, fallback: true, apiEndpoint: this.#host, port: this.#port });
  }

  #mayGetTokens(): void {
    const { uri, spec } = this.#definition;
    if (isTokenRecipient(this.#host, spec.google?.stsEndpoint)) return;
    const message = `key ${uri}: google.endpoint is neither below googleapis.com nor the host of google.stsEndpoint, so it gets no token of a ServiceAccount: name one that is`;
    throw new SigningError('SignerUnauthorized', message);
  }
}

function busy(uri: string, status: number, headers: Readonly<Record<string, string>>): SigningError {
  const text = status === 429 ? 'takes no more requests for now' : `fails (status ${status})`;
  const options = { retryAfterSeconds: retryAfterSeconds(headers) };
  return new SigningError('SignerUnavailable', `key ${uri}: Cloud KMS ${text}; it is tried again`, options);
}
