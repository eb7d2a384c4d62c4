// SPDX-License-Identifier: Apache-2.0
import type { AuthClient } from 'google-auth-library';
import type { EffectiveCloudAuthentication } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { Access } from '../../../credentials/access.ts';
import type { AccessToken } from '../../../credentials/access-token.ts';
import { googleAuth } from '../../../credentials/google/google-auth.ts';
import type { Identity } from '../../../credentials/identity.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'] as const;

/** Access tokens for Container and Artifact Registry, which accept them as the password of user oauth2accesstoken. */
export class GoogleRegistryTokens {
  readonly #authentication: EffectiveCloudAuthentication;
  readonly #access: Access;
  #client: Promise<AuthClient> | undefined;

  constructor(authentication: EffectiveCloudAuthentication, access: Access) {
    this.#authentication = authentication;
    this.#access = access;
  }

  /** Not cached here: Google's client caches a token until shortly before it expires. Rejects as the client does. */
  async token(identity: Identity): Promise<AccessToken> {
    const { workloadIdentityProvider, serviceAccountEmail } = this.#authentication;
    const options = { identity, workloadIdentityProvider, serviceAccountEmail, scopes: SCOPES };
    this.#client ??= googleAuth(options, this.#access);
    try {
      const headers = await (await this.#client).getRequestHeaders();
      const token = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? '';
      return { token: new SecretValue(token) };
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }
}
