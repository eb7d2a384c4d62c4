// SPDX-License-Identifier: Apache-2.0
import type { TlsOptions } from '../../net/tls-options.ts';
import type { Access } from '../access.ts';
import type { Identity } from '../identity.ts';
import { tokenHost } from '../token-host.ts';
import type { AccessToken, AccessTokenSource } from '../access-token.ts';
import { KeptToken } from '../kept-token.ts';
import { exchangedToken } from './token-endpoint.ts';
import { CredentialError } from '../credential-error.ts';

export interface FederatedTokenOptions {
  readonly identity: Extract<Identity, { type: 'ServiceAccount' }>;
  /** `projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME`. */
  readonly workloadIdentityProvider?: string | undefined;
  /** Google service account to impersonate; absent: the ServiceAccount is a principal of its own. */
  readonly serviceAccountEmail?: string | undefined;
  readonly stsEndpoint?: string | undefined;
  readonly scopes: readonly string[];
  readonly tls?: TlsOptions | undefined;
}

const STS_ENDPOINT = 'https://sts.googleapis.com';
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const PROVIDER =
  /^(?:(?:https:)?\/\/iam\.googleapis\.com\/)?(projects\/[\w-]+\/locations\/[\w-]+\/workloadIdentityPools\/[\w-]+\/providers\/[\w-]+)$/;
const EMAIL = /^[\w.-]+@[\w.-]+$/;
const LIFETIME_SECONDS = 3600;

/** The inputs of one exchange. */
interface Federation {
  readonly options: FederatedTokenOptions;
  readonly audience: string;
  readonly sts: URL;
}

/**
 * Workload identity federation: the ServiceAccount's token is exchanged at Google's security token service, and, where a Google
 * service account is named, that exchanged for a token of it.
 * @throws CredentialError `Invalid` for settings that cannot work
 */
export function federatedToken(options: FederatedTokenOptions, access: Access): AccessTokenSource {
  const [, provider] = PROVIDER.exec(options.workloadIdentityProvider ?? '') ?? [];
  if (provider === undefined) {
    const message =
      'a ServiceAccount needs workloadIdentityProvider: set projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME';
    throw new CredentialError('Invalid', message);
  }
  const { serviceAccountEmail } = options;
  if (serviceAccountEmail !== undefined && !EMAIL.test(serviceAccountEmail))
    throw new CredentialError('Invalid', 'serviceAccountEmail is not an e-mail address: correct it');
  const sts = new URL(options.stsEndpoint ?? STS_ENDPOINT);
  const federation = { options, audience: `//iam.googleapis.com/${provider}`, sts };
  const kept = new KeptToken(access.clock);
  return {
    token: () => kept.token('', (signal) => federate(federation, access, signal)),
    refused: () => {
      kept.forget();
    },
  };
}

async function federate(federation: Federation, access: Access, signal: AbortSignal): Promise<AccessToken> {
  const { options, audience, sts } = federation;
  const { namespace, serviceAccountName } = options.identity;
  const account = { namespace, serviceAccountName, audience, host: tokenHost(sts) };
  const { token } = await access.tokens.token(account, signal);
  const federated = await exchange(federation, token.revealText(), access, signal);
  if (options.serviceAccountEmail === undefined) return federated;
  return impersonate(federation, options.serviceAccountEmail, federated, { access, signal });
}

function exchange(
  { options, audience, sts }: Federation,
  subjectToken: string,
  access: Access,
  signal: AbortSignal,
): Promise<AccessToken> {
  const { namespace, serviceAccountName } = options.identity;
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience,
    // Impersonation needs the whole scope; the token of the service account is narrowed.
    scope: options.serviceAccountEmail === undefined ? options.scopes.join(' ') : CLOUD_PLATFORM,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: subjectToken,
  };
  const request = {
    url: new URL('/v1/token', sts),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
    whenRefused: `ServiceAccount "${namespace}/${serviceAccountName}" is not accepted by ${audience}: let that provider trust the cluster's issuer and this subject`,
    tls: options.tls,
  };
  return exchangedToken(request, access, signal);
}

function impersonate(
  { options, sts }: Federation,
  email: string,
  federated: AccessToken,
  { access, signal }: { readonly access: Access; readonly signal: AbortSignal },
): Promise<AccessToken> {
  const { namespace, serviceAccountName } = options.identity;
  const request = {
    url: new URL(`/v1/projects/-/serviceAccounts/${email}:generateAccessToken`, credentialsEndpoint(sts)),
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${federated.token.revealText()}`,
    },
    body: JSON.stringify({ scope: options.scopes, lifetime: `${LIFETIME_SECONDS}s` }),
    whenRefused: `ServiceAccount "${namespace}/${serviceAccountName}" may not impersonate ${email}: grant its principal roles/iam.workloadIdentityUser on it`,
    tls: options.tls,
  };
  return exchangedToken(request, access, signal);
}

/** The IAM endpoint of a token service: sts.googleapis.com has iamcredentials.googleapis.com, sts-NAME.p.googleapis.com likewise, anything else serves both. */
function credentialsEndpoint(sts: URL): URL {
  const endpoint = new URL(sts);
  if (/^sts[.-].*googleapis\.com$/.test(sts.hostname))
    endpoint.hostname = sts.hostname.replace(/^sts/, 'iamcredentials');
  return endpoint;
}
