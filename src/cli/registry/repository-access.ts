// SPDX-License-Identifier: Apache-2.0
import type { EgressClient } from '../../net/egress-client.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { RegistryClient } from '../../storage/oci/registry/registry-client.ts';
import { RegistrySession } from '../../storage/oci/registry/registry-session.ts';
import type { Repository } from '../../storage/oci/registry/repository.ts';
import { readText } from '../read-text.ts';
import { dockerCredentials } from './docker-credentials.ts';

/** One repository, readable with the user's own credentials. */
export interface RepositoryAccess {
  readonly client: RegistryClient;
  readonly repository: Repository;
}

export interface RegistryOptions {
  readonly registryCa?: string;
  readonly allowInsecureRegistry?: true;
}

/** Opens a repository with the logins of the user's docker configuration. @throws UncheckedError */
export async function openRepository(
  repository: Repository,
  { registryCa, allowInsecureRegistry }: RegistryOptions,
  egress: EgressClient,
): Promise<RepositoryAccess> {
  const tls: TlsOptions = {
    ...(registryCa === undefined ? {} : { ca: await readText(registryCa) }),
    ...(allowInsecureRegistry === true ? { insecure: true } : {}),
  };
  const credentials = await dockerCredentials(repository);
  const session = new RegistrySession({ egress, repository, tls, credentials, actions: 'pull' });
  return { client: new RegistryClient(session, repository), repository };
}
