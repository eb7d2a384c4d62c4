// SPDX-License-Identifier: Apache-2.0
import type { AuthClient } from 'google-auth-library';
import type { GoogleAuthentication } from '../../api/v1alpha1/backend-types/cloud-authentication.ts';
import type { Access } from '../../credentials/access.ts';
import { googleAuth } from '../../credentials/google/google-auth.ts';
import { isTokenRecipient } from '../../credentials/google/token-recipient.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { backendIdentity } from '../backend-definition.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { StorageError } from '../storage-error.ts';

export interface GoogleAuthorizationOptions {
  readonly backend: BackendDefinition;
  readonly authentication: GoogleAuthentication;
  readonly scope: string;
  /** The service that receives the credentials. */
  readonly endpoint: string;
}

/** Google's credentials client for a backend's identity. It is remade when certificates change or the service refuses its token. */
export class GoogleAuthorization {
  readonly #options: GoogleAuthorizationOptions;
  readonly #access: Access;
  #current: { readonly client: Promise<AuthClient>; readonly ca: string | undefined } | undefined;

  constructor(options: GoogleAuthorizationOptions, access: Access) {
    this.#options = options;
    this.#access = access;
  }

  /** Headers that authenticate a request. Rejects with CredentialError, EgressError or StorageError. */
  async headers(tls: TlsOptions): Promise<Readonly<Record<string, string>>> {
    const previous = this.#current;
    const current =
      previous !== undefined && previous.ca === tls.ca ? previous : { client: this.#make(tls), ca: tls.ca };
    this.#current = current;
    try {
      return Object.fromEntries(await (await current.client).getRequestHeaders());
    } catch (error) {
      this.refused();
      throw error;
    }
  }

  /** Get a new token for the next request, because the service refused the current one. */
  refused(): void {
    this.#current = undefined;
  }

  async #make(tls: TlsOptions): Promise<AuthClient> {
    const { backend, authentication, scope, endpoint } = this.#options;
    const { workloadIdentityProvider, serviceAccountEmail, stsEndpoint } = authentication;
    const identity = backendIdentity(backend, authentication);
    const host = URL.parse(endpoint)?.hostname ?? '';
    if (identity.type === 'ServiceAccount' && !isTokenRecipient(host, stsEndpoint)) {
      const message = `${describeBackend(backend)}: ${host} is neither below googleapis.com nor the host of stsEndpoint, so it gets no token of a ServiceAccount: name one that is, or use a Secret`;
      throw new StorageError('BackendUnauthorized', message);
    }
    const exchange = { workloadIdentityProvider, serviceAccountEmail, stsEndpoint };
    return googleAuth({ identity, ...exchange, scopes: [scope], tls }, this.#access);
  }
}
