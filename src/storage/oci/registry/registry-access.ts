// SPDX-License-Identifier: Apache-2.0
import type { EffectiveOCI } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { Access } from '../../../credentials/access.ts';
import type { TlsOptions } from '../../../net/tls-options.ts';
import { describeBackend } from '../../backend-definition.ts';
import type { BackendDefinition } from '../../backend-definition.ts';
import { backendTls } from '../../http/backend-tls.ts';
import { callFailure } from '../../http/call-failure.ts';
import { StorageError } from '../../storage-error.ts';
import type { ReadOptions } from '../../../credentials/object-reader.ts';
import { CloudKeychain } from '../cloud/cloud-keychain.ts';
import { RegistryMemory } from './memory/registry-memory.ts';
import { type RegistryActions, RepositoryMemory } from './memory/repository-memory.ts';
import { matchingEntries } from './credential-match.ts';
import { registryCredentials } from './registry-credentials.ts';
import type { CredentialSupply } from './registry-credentials.ts';
import { RegistryClient } from './registry-client.ts';
import { RegistryPatience } from './registry-patience.ts';
import { type RegistryAccount, RegistrySession } from './registry-session.ts';
import type { SessionCredential } from './registry-authorization.ts';
import type { Repository } from './repository.ts';
import type { RunTarget } from '../../run-target.ts';

/** The registries that one call of a driver uses, each with its credentials. */
export interface Registries {
  session(repository: Repository, actions: RegistryActions): Promise<RegistrySession>;
  client(repository: Repository, actions: RegistryActions): Promise<RegistryClient>;
}

/**
 * Refused credentials are read again, unless they were read so recently: a run whose credentials never work must not have them read at
 * every try.
 */
const RENEWED_AGE_MS = 5000;

/** An OCI backend's access to registries. One per driver: it keeps tokens, and the registries not to call for now. */
export class RegistryAccess {
  readonly #backend: BackendDefinition;
  readonly #oci: EffectiveOCI;
  readonly #context: Access;
  readonly #patience: RegistryPatience;
  readonly #keychain: CloudKeychain | undefined;
  readonly #memory: RegistryMemory;

  constructor(backend: BackendDefinition, oci: EffectiveOCI, context: Access) {
    this.#backend = backend;
    this.#oci = oci;
    this.#context = context;
    this.#patience = new RegistryPatience(context.clock);
    this.#memory = new RegistryMemory(context.clock);
    const { authentication } = oci;
    this.#keychain =
      authentication.type === 'ServiceAccount' || authentication.type === 'WorkloadIdentity'
        ? new CloudKeychain(backend, authentication, context)
        : undefined;
  }

  /** Read the backend's Secrets and ConfigMaps. A probe trusts nothing that earlier calls have learnt. @throws StorageError */
  async open(run: RunTarget | undefined, signal: AbortSignal, { isProbe = false } = {}): Promise<Registries> {
    const { objects, egress } = this.#context;
    signal.throwIfAborted();
    const tls = await this.#reading(signal, () => backendTls(this.#backend, this.#oci.tls, objects, signal));
    const supply = await this.#supply(run, signal);
    const of = { run, tls, isProbe };
    const session = async (repository: Repository, actions: RegistryActions): Promise<RegistrySession> => {
      const account = await this.#account(supply, repository, of, signal);
      const renew = async (inTime: AbortSignal): Promise<RegistryAccount | undefined> => {
        const again = await this.#supply(run, inTime, { maxAgeMs: RENEWED_AGE_MS });
        const renewed = await this.#account(again, repository, of, inTime);
        // Equal credentials share a memory, but for a probe's.
        return renewed.memory === account.memory ? undefined : renewed;
      };
      const patience = this.#patience;
      return new RegistrySession({ egress, repository, tls, ...account, renew, actions, patience, isProbe });
    };
    return { session, client: async (...named) => new RegistryClient(await session(...named), named[0]) };
  }

  /** Forget all that was learnt. */
  close(): void {
    this.#memory.clear();
  }

  #supply(run: RunTarget | undefined, signal: AbortSignal, options?: ReadOptions): Promise<CredentialSupply> {
    const { objects } = this.#context;
    const source = { backend: this.#backend, authentication: this.#oci.authentication, objects };
    return this.#reading(signal, () => registryCredentials(source, run, signal, options));
  }

  async #account(
    supply: CredentialSupply,
    repository: Repository,
    { run, tls, isProbe }: { run: RunTarget | undefined; tls: TlsOptions; isProbe: boolean },
    signal: AbortSignal,
  ): Promise<RegistryAccount & { readonly memory: RepositoryMemory }> {
    const named = credentialsFor(supply, repository);
    const cloud = named.credentials.length > 0 ? [] : await this.#cloud(repository, tls, signal);
    const credentials = [...named.credentials, ...cloud];
    const { passedOver } = named;
    const tenant = this.#oci.authentication.type === 'RunServiceAccount' ? (run?.namespace ?? '') : '';
    const memory = isProbe
      ? new RepositoryMemory(this.#context.clock)
      : this.#memory.of({ tenant, repository, tls, credentials });
    return { credentials, passedOver, memory };
  }

  async #cloud(repository: Repository, tls: TlsOptions, signal: AbortSignal): Promise<readonly SessionCredential[]> {
    const keychain = this.#keychain;
    if (keychain === undefined) return [];
    const credential = await this.#reading(signal, () => keychain.credential(repository.registry, tls, signal));
    return credential === undefined ? [] : [{ credential, source: "the backend's cloud identity" }];
  }

  async #reading<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StorageError) throw error;
      throw callFailure(error, `reading what ${describeBackend(this.#backend)} refers to`);
    }
  }
}

/** Split a supply into the credentials for a repository and the sources of none. */
export function credentialsFor(
  { entries, passedOver }: CredentialSupply,
  repository: Repository,
): { readonly credentials: readonly SessionCredential[]; readonly passedOver: readonly string[] } {
  const credentials = matchingEntries(entries, repository);
  const used = new Set(credentials.map(({ source }) => source));
  const strangers = new Set(entries.map(({ source }) => source).filter((source) => !used.has(source)));
  const others = [...strangers].map((source) => `${source} (names no ${repository.registry})`);
  return { credentials, passedOver: [...others, ...passedOver] };
}
