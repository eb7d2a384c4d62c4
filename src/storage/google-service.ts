// SPDX-License-Identifier: Apache-2.0
import type { AuthClient } from 'google-auth-library';
import type { GoogleAuthentication } from '../api/v1alpha1/backend-types/cloud-authentication.ts';
import type { EffectiveTls } from '../api/v1alpha1/backend-types/effective-tls.ts';
import type { Access } from '../credentials/access.ts';
import { googleAuth } from '../credentials/google/google-auth.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import type { BackendDefinition } from './backend-definition.ts';
import { backendIdentity } from './backend-identity.ts';
import { backendTls } from './backend-tls.ts';
import { RestService } from './rest-service.ts';
import type { RestServiceOptions } from './rest-service.ts';

export interface GoogleServiceOptions {
  readonly backend: BackendDefinition;
  readonly endpoint: string;
  /** Absent: called as nobody. */
  readonly authentication: GoogleAuthentication | undefined;
  readonly tls: EffectiveTls;
  readonly scope: string;
  readonly remedies: RestServiceOptions['remedies'];
}

/** A JSON service of Google, or one that is called like one, through the outbound door. */
export function googleService(options: GoogleServiceOptions, access: Access): RestService {
  const { backend, endpoint, authentication, tls, remedies } = options;
  let current: { readonly client: Promise<AuthClient>; readonly ca: string | undefined } | undefined;
  return new RestService({
    door: access.door,
    base: endpoint,
    tls: (signal) => backendTls(backend, tls, access.objects, signal),
    authorization: async (_signal, trust) => {
      if (authentication === undefined) return {};
      const known = current?.ca === trust.ca ? current : undefined;
      const made = known ?? { client: authClient(options, authentication, trust, access), ca: trust.ca };
      current = made;
      try {
        return Object.fromEntries(await (await made.client).getRequestHeaders());
      } catch (error) {
        current = undefined;
        throw error;
      }
    },
    // What was shown is not taken: the next request shows a new token.
    refused: () => {
      current = undefined;
    },
    remedies,
  });
}

function authClient(
  { backend, scope }: GoogleServiceOptions,
  authentication: GoogleAuthentication,
  tls: TlsOptions,
  access: Access,
): Promise<AuthClient> {
  const { workloadIdentityProvider, serviceAccountEmail, stsEndpoint } = authentication;
  const identity = backendIdentity(backend, authentication);
  const exchange = { workloadIdentityProvider, serviceAccountEmail, stsEndpoint };
  return googleAuth({ identity, ...exchange, scopes: [scope], tls }, access);
}
