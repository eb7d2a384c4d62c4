// SPDX-License-Identifier: Apache-2.0
import type { AuthClient } from 'google-auth-library';
import type { TlsOptions } from '../../net/tls-options.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { AccessTokenSource } from '../access-token.ts';
import type { Access } from '../access.ts';
import { CredentialError } from '../credential-error.ts';
import type { Identity } from '../identity.ts';
import type { EgressFetchOptions } from './egress-fetch.ts';
import { federatedToken } from './federated-token.ts';
import { secretToken } from './secret-token.ts';

export interface GoogleAuthOptions {
  /** A Secret has `credentials.json` (a service account key) or `access_token` (a ready bearer token). */
  readonly identity: Identity;
  /** For a ServiceAccount: `projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME`. */
  readonly workloadIdentityProvider?: string | undefined;
  /** For a ServiceAccount: the Google service account to impersonate. */
  readonly serviceAccountEmail?: string | undefined;
  /** Base URL of the token exchange. */
  readonly stsEndpoint?: string | undefined;
  readonly scopes: readonly string[];
  /** For every server, those of the tokens included. */
  readonly tls?: TlsOptions | undefined;
  /** The cap of the API's responses; default 8 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /** The deadline of one exchange with the API; default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Translates responses of the API to throw. */
  readonly refusal?: EgressFetchOptions['refusal'];
}

/**
 * An identity for Google's client libraries. Nothing is asked for yet: what goes wrong rejects the first request, or
 * `getRequestHeaders()`, with CredentialError or EgressError. All requests made with it go through the egress client.
 * @throws CredentialError `Invalid` for settings that cannot work
 */
export async function googleAuth(options: GoogleAuthOptions, access: Access): Promise<AuthClient> {
  const source = await tokenSource(options, access);
  const { GoogleClient } = await import('./google-client.ts');
  return new GoogleClient(source, access, options);
}

async function tokenSource(options: GoogleAuthOptions, access: Access): Promise<AccessTokenSource> {
  const { identity } = options;
  switch (identity.type) {
    case 'Secret':
      return secretToken({ ...options, identity }, access);
    case 'ServiceAccount':
      return federatedToken({ ...options, identity }, access);
    case 'Operator':
      return operatorToken(options.scopes);
  }
}

/**
 * The operator's own application default credentials: GOOGLE_APPLICATION_CREDENTIALS, or the metadata server of the node. They come
 * past the outbound rules, which refuse metadata servers: nothing of it is named by a tenant.
 */
async function operatorToken(scopes: readonly string[]): Promise<AccessTokenSource> {
  const { GoogleAuth } = await import('google-auth-library');
  // Without a project the library looks for one before the first token: it runs gcloud, then asks the metadata server.
  const auth = new GoogleAuth({ scopes: [...scopes], projectId: 'none' });
  return {
    token: async () => {
      const token = await auth.getAccessToken().catch(() => undefined);
      if (typeof token === 'string' && token !== '') return { token: new SecretValue(token) };
      const message =
        "the operator has no Google credentials: bind its ServiceAccount by workload identity, or name a Secret or ServiceAccount of the object's own";
      throw new CredentialError('Unavailable', message);
    },
    // The library renews its tokens by itself.
    refused: () => undefined,
  };
}
