// SPDX-License-Identifier: Apache-2.0
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import type { RunTarget } from '../driver.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import { StorageError } from '../storage-error.ts';
import { dockerConfigEntries } from './docker-config.ts';
import type { DockerConfigEntry } from './docker-config.ts';
import type { EffectiveAuthentication } from '../../api/v1alpha1/storage-backend/defaults.ts';

/** A ServiceAccount may list any number of Secrets; pushing one artifact reads at most these. */
const MAX_ACCOUNT_SECRETS = 32;

export interface CredentialSource {
  readonly backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>;
  readonly authentication: EffectiveAuthentication;
  readonly objects: ObjectReader;
}

/**
 * The registry credentials a call may use. `RunServiceAccount` reads the run's own namespace, for this call alone; a
 * `Secret` is read in the backend's. @throws StorageError `BackendUnauthorized` when a named Secret is missing or unusable.
 */
export async function registryCredentials(
  source: CredentialSource,
  run: RunTarget | undefined,
  signal: AbortSignal,
): Promise<readonly DockerConfigEntry[]> {
  const { authentication, backend, objects } = source;
  switch (authentication.type) {
    case 'Anonymous':
    case 'ServiceAccount':
    case 'WorkloadIdentity':
      return [];
    case 'Secret':
      return namedSecret(authentication.secretRef.name, backend, objects, signal);
    case 'RunServiceAccount':
      return run === undefined ? [] : accountSecrets(run, objects, signal);
  }
}

async function namedSecret(
  name: string,
  backend: CredentialSource['backend'],
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<readonly DockerConfigEntry[]> {
  const secret = `Secret ${backend.namespace}/${name} of ${describeBackend(backend)}`;
  const data = await objects.getSecret(backend.namespace, name, signal);
  if (data === undefined) throw new StorageError('BackendUnauthorized', `${secret} does not exist; create it`);
  const entries = dockerConfigEntries(data);
  if (entries !== undefined) return entries;
  const message = `${secret} is not of type kubernetes.io/dockerconfigjson; create it with "kubectl create secret docker-registry"`;
  throw new StorageError('BackendUnauthorized', message);
}

/** Missing accounts and Secrets count as none, and Secrets of other types are passed over, as in Chains. */
export async function accountSecrets(
  run: Pick<RunTarget, 'namespace' | 'serviceAccountName'>,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<readonly DockerConfigEntry[]> {
  const account = await objects.getServiceAccount(run.namespace, run.serviceAccountName, signal);
  const entries: DockerConfigEntry[] = [];
  for (const name of (account?.secretNames ?? []).slice(0, MAX_ACCOUNT_SECRETS)) {
    const data = await objects.getSecret(run.namespace, name, signal);
    entries.push(...(data === undefined ? [] : (dockerConfigEntries(data) ?? [])));
  }
  return entries;
}
