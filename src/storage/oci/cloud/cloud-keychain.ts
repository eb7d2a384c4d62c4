// SPDX-License-Identifier: Apache-2.0
import type { EffectiveCloudAuthentication } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { Access } from '../../../credentials/access.ts';
import type { AccessToken } from '../../../credentials/access-token.ts';
import type { Identity } from '../../../credentials/identity.ts';
import { KeptToken } from '../../../credentials/kept-token.ts';
import type { TlsOptions } from '../../../net/tls-options.ts';
import type { BackendDefinition } from '../../backend-definition.ts';
import { backendIdentity } from '../../backend-definition.ts';
import type { RegistryCredential } from '../registry/docker-config.ts';
import { acrRefreshToken } from './acr-refresh-token.ts';
import { cloudRegistry } from './cloud-registry.ts';
import type { CloudRegistry } from './cloud-registry.ts';
import { ecrPassword } from './ecr-password.ts';
import { GoogleRegistryTokens } from './google-registry-tokens.ts';

const MAX_REGISTRIES = 100;

/** Credentials of clouds for their own registries only. Tokens are cached until shortly before they expire. */
export class CloudKeychain {
  readonly #backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>;
  readonly #authentication: EffectiveCloudAuthentication;
  readonly #access: Access;
  readonly #kept = new Map<string, KeptToken>();
  readonly #google: GoogleRegistryTokens;

  constructor(
    backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>,
    authentication: EffectiveCloudAuthentication,
    access: Access,
  ) {
    this.#backend = backend;
    this.#authentication = authentication;
    this.#access = access;
    this.#google = new GoogleRegistryTokens(authentication, access);
  }

  /** @throws StorageError, CredentialError or EgressError */
  async credential(registry: string, tls: TlsOptions, signal: AbortSignal): Promise<RegistryCredential | undefined> {
    const parsed = cloudRegistry(registry);
    if (parsed === undefined) return undefined;
    const identity = backendIdentity(this.#backend, this.#authentication);
    signal.throwIfAborted();
    const { token } = await this.#token(registry, (inTime) => this.#make(parsed, { identity, registry, tls }, inTime));
    switch (parsed.cloud) {
      case 'AWS':
        return { type: 'Basic', username: 'AWS', password: token };
      case 'Google':
        return { type: 'Basic', username: 'oauth2accesstoken', password: token };
      case 'Azure':
        return { type: 'IdentityToken', token };
    }
  }

  #make(
    parsed: CloudRegistry,
    { identity, registry, tls }: { identity: Identity; registry: string; tls: TlsOptions },
    signal: AbortSignal,
  ): Promise<AccessToken> {
    const { roleARN, tenantID, clientID } = this.#authentication;
    switch (parsed.cloud) {
      case 'AWS':
        return ecrPassword({ identity, region: parsed.region, roleARN }, this.#access, signal);
      case 'Google':
        return this.#google.token(identity);
      case 'Azure':
        return acrRefreshToken(
          { identity, origin: `https://${registry}`, tenantID, clientID, tls },
          this.#access,
          signal,
        );
    }
  }

  async #token(registry: string, make: (signal: AbortSignal) => Promise<AccessToken>): Promise<AccessToken> {
    const kept = this.#kept.get(registry) ?? new KeptToken(this.#access.clock);
    if (this.#kept.size >= MAX_REGISTRIES) this.#kept.clear();
    this.#kept.set(registry, kept);
    return kept.token(registry, make);
  }
}
