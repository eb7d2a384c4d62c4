// SPDX-License-Identifier: Apache-2.0
import type { AuthenticationResult, INetworkModule } from '@azure/msal-node';
import type { TlsOptions } from '../../net/tls-options.ts';
import { accessErrorIn } from '../../runtime/errors/access-error.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { Access } from '../access.ts';
import type { AccessToken } from '../access-token.ts';
import { CredentialError } from '../credential-error.ts';
import { AuthorityNetwork } from './authority-network.ts';
import { oneOrigin } from './one-origin.ts';
import { silentLogger } from './silent-logger.ts';

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

/** The names and identifiers of directories, which become part of URLs. */
const DIRECTORY = /^[0-9A-Za-z.-]+$/;

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
  const network = new AuthorityNetwork(oneOrigin(egress, { origin: application.authority.origin, tls }), signal);
  try {
    const result = await libraryResult(application, scope, network);
    if (!result?.accessToken || result.expiresOn === null) throw new TypeError('no token');
    return { token: new SecretValue(result.accessToken), expiresAt: result.expiresOn };
  } catch (error) {
    const failure = network.failure ?? accessErrorIn(error);
    if (failure !== undefined) throw failure;
    signal.throwIfAborted();
    throw refused(application, network);
  }
}

async function libraryResult(
  { tenantID, clientID, proof, authority: { origin } }: Application,
  scope: string,
  networkClient: INetworkModule,
): Promise<AuthenticationResult | null> {
  if (!DIRECTORY.test(tenantID)) throw new TypeError('not a directory');
  const { ConfidentialClientApplication } = await import('@azure/msal-node');
  const authority = `${origin}/${tenantID}`;
  const client = new ConfidentialClientApplication({
    auth: {
      clientId: clientID,
      authority,
      // The authority is the one that is configured; no third party is asked about it.
      knownAuthorities: [authority],
      ...(await proven(proof)),
    },
    system: { networkClient, disableInternalRetries: true, loggerOptions: silentLogger },
  });
  // A region that the operator's environment names would lead to another host.
  return client.acquireTokenByClientCredential({ scopes: [scope], azureRegion: 'DisableMsalForceRegion' });
}

async function proven(proof: Proof): Promise<{ clientSecret: string } | { clientAssertion: string }> {
  if (proof.type === 'Secret') return { clientSecret: proof.clientSecret.revealText() };
  return { clientAssertion: await proof.assertion() };
}

/** The library's error repeats answers and headers: it is neither quoted nor kept. */
function refused({ name, remedy, authority }: Application, network: AuthorityNetwork): CredentialError {
  const { status, body } = network.answer ?? { status: 0, body: '' };
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
