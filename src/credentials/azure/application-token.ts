// SPDX-License-Identifier: Apache-2.0
import type { TokenCredential } from '@azure/identity';
import type { TlsOptions } from '../../net/tls-options.ts';
import { EgressError } from '../../net/egress-error.ts';
import { accessErrorIn } from '../../runtime/errors/access-error.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { Access } from '../access.ts';
import type { AccessToken } from '../access-token.ts';
import { egressHttpClient } from './egress-http-client.ts';
import type { AzureHttpClient } from './egress-http-client.ts';
import { CredentialError } from '../credential-error.ts';

/** The proof of an application's identity. */
export type Proof =
  | { readonly type: 'Secret'; readonly clientSecret: SecretValue }
  | { readonly type: 'Assertion'; readonly assertion: () => Promise<string> };

/** An application of a directory. */
export interface Application {
  /** For messages: where it is from, and after a colon what to do when it is refused. */
  readonly name: string;
  readonly remedy: string;
  readonly authority: URL;
  readonly tenantID: string;
  readonly clientID: string;
  readonly proof: Proof;
}

export interface ApplicationTokenRequest {
  readonly application: Application;
  readonly scope: string;
  readonly tls?: TlsOptions | undefined;
}

/** The errors (RFC 6749) that are shown; nothing else of a response is. */
const REFUSALS = [
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'invalid_request',
  'invalid_scope',
  'invalid_resource',
  'invalid_tenant',
  'access_denied',
] as const;

/**
 * A token of an application, by Microsoft's library. Each is made with a client of its own: the tokens are kept by us, and the
 * library's clients remember every request.
 */
export async function applicationToken(
  request: ApplicationTokenRequest,
  { egress }: Access,
  signal: AbortSignal,
): Promise<AccessToken> {
  const { application, scope, tls } = request;
  const transport = remembering(egressHttpClient(egress, { origin: application.authority.origin, tls }));
  try {
    const credential = await libraryCredential(application, transport);
    const token = await credential.getToken(scope, { abortSignal: signal });
    if (token === null) throw new TypeError('no token');
    return { token: new SecretValue(token.token), expiresAt: new Date(token.expiresOnTimestamp) };
  } catch (error) {
    throw transport.failure() ?? accessErrorIn(error) ?? refused(application, transport);
  }
}

async function libraryCredential(application: Application, httpClient: AzureHttpClient): Promise<TokenCredential> {
  const { ClientAssertionCredential, ClientSecretCredential } = await import('@azure/identity');
  const { tenantID, clientID, proof, authority } = application;
  const options = {
    authorityHost: authority.origin,
    // The authority is the one that is configured; no third party is asked about it.
    disableInstanceDiscovery: true,
    httpClient,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
  };
  return proof.type === 'Secret'
    ? new ClientSecretCredential(tenantID, clientID, proof.clientSecret.revealText(), options)
    : new ClientAssertionCredential(tenantID, clientID, proof.assertion, options);
}

interface RememberingTransport extends AzureHttpClient {
  /** The failure of the last request. The library preserves neither its class nor its text. */
  failure(): Error | undefined;
  /** The last response. */
  answer(): { readonly status: number; readonly body: string } | undefined;
}

function remembering(transport: AzureHttpClient): RememberingTransport {
  let failure: Error | undefined;
  let answer: { readonly status: number; readonly body: string } | undefined;
  return {
    sendRequest: async (request) => {
      try {
        const response = await transport.sendRequest(request);
        answer = { status: response.status, body: response.bodyAsText ?? '' };
        return response;
      } catch (error) {
        if (error instanceof EgressError) failure = error;
        throw error;
      }
    },
    failure: () => failure,
    answer: () => answer,
  };
}

/** The library's error repeats answers and headers: it is neither quoted nor kept. */
function refused({ name, remedy, authority }: Application, transport: RememberingTransport): CredentialError {
  const { status, body } = transport.answer() ?? { status: 0, body: '' };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    const message = `${authority.origin} answers ${status}${refusal(body)} to ${name}: ${remedy}`;
    return new CredentialError('Unauthorized', message);
  }
  const what = status === 0 ? 'is not asked' : `answers ${status}`;
  return new CredentialError(
    'Unavailable',
    `${authority.origin} ${what} and gives no token to ${name}; it is asked again`,
  );
}

function refusal(body: string): string {
  const known = REFUSALS.find((name) => body.includes(`"${name}"`));
  return known === undefined ? '' : ` (${known})`;
}
