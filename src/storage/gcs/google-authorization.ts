// SPDX-License-Identifier: Apache-2.0
import type { AuthClient } from 'google-auth-library';
import type { GoogleAuthentication } from '../../api/v1alpha1/backend-types/cloud-authentication.ts';
import type { Access } from '../../credentials/access.ts';
import { googleAuth } from '../../credentials/google/google-auth.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { backendIdentity } from '../backend-identity.ts';
import type { BackendDefinition } from '../backend-definition.ts';

const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_write'] as const;

/** As whom Cloud Storage is called: Google's client for the backend's identity, made anew when certificates change or it is refused. */
export class GoogleAuthorization {
  readonly #backend: BackendDefinition;
  readonly #authentication: GoogleAuthentication;
  readonly #access: Access;
  #current: { readonly client: Promise<AuthClient>; readonly ca: string | undefined } | undefined;

  constructor(backend: BackendDefinition, authentication: GoogleAuthentication, access: Access) {
    this.#backend = backend;
    this.#authentication = authentication;
    this.#access = access;
  }

  /** Headers that authenticate a request. Rejects with CredentialError, TokenError, OutboundError or StorageError. */
  async headers(tls: TlsOptions): Promise<Readonly<Record<string, string>>> {
    const known = this.#current;
    const current = known !== undefined && known.ca === tls.ca ? known : { client: this.#make(tls), ca: tls.ca };
    this.#current = current;
    try {
      return Object.fromEntries(await (await current.client).getRequestHeaders());
    } catch (error) {
      this.refused();
      throw error;
    }
  }

  /** The service does not take what it was shown: the next request is made with a new token. */
  refused(): void {
    this.#current = undefined;
  }

  async #make(tls: TlsOptions): Promise<AuthClient> {
    const { workloadIdentityProvider, serviceAccountEmail, stsEndpoint } = this.#authentication;
    const identity = backendIdentity(this.#backend, this.#authentication);
    return googleAuth(
      { identity, workloadIdentityProvider, serviceAccountEmail, stsEndpoint, scopes: SCOPES, tls },
      this.#access,
    );
  }
}
