// SPDX-License-Identifier: Apache-2.0
import type { EffectiveAuthentication } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { ObjectReader, ReadOptions, TypedSecret } from '../../../credentials/object-reader.ts';
import { isForbidden } from '../../../kube/kube-error.ts';
import { describeBackend } from '../../backend-definition.ts';
import type { BackendDefinition } from '../../backend-definition.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { StorageError } from '../../storage-error.ts';
import { dockerConfigEntries } from './docker-config.ts';
import type { DockerConfigEntry } from './docker-config.ts';
import type { RunTarget } from '../../run-target.ts';

const BASIC = 'kubernetes.io/basic-auth';
/** Tekton's annotations that name the registries of a basic-auth Secret: `tekton.dev/docker-0`, and so on. */
const DOCKER_ANNOTATION = /^tekton\.dev\/docker-\d+$/;

/** The most Secrets of a ServiceAccount that one push reads; an account can list any number. */
const MAX_ACCOUNT_SECRETS = 32;

export interface CredentialSource {
  readonly backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>;
  readonly authentication: EffectiveAuthentication;
  readonly objects: ObjectReader;
}

/** An entry of a docker configuration and its Secret. */
export interface SourcedEntry extends DockerConfigEntry {
  /** For messages: `Secret team-a/push`. */
  readonly source: string;
}

/** The credentials that a call may use, for any registry, and the sources without a usable one. */
export interface CredentialSupply {
  readonly entries: readonly SourcedEntry[];
  /** For messages: `Secret team-a/old (does not exist)`. */
  readonly passedOver: readonly string[];
}

const NONE: CredentialSupply = { entries: [], passedOver: [] };

/**
 * Read the registry credentials for a call. `RunServiceAccount` reads the run's own namespace, for this call only; a
 * `Secret` is read in the backend's. @throws StorageError `BackendUnauthorized` when a named Secret is missing or unusable.
 */
export async function registryCredentials(
  source: CredentialSource,
  run: RunTarget | undefined,
  signal: AbortSignal,
  options: ReadOptions = {},
): Promise<CredentialSupply> {
  const { authentication, objects } = source;
  switch (authentication.type) {
    case 'Anonymous':
    case 'ServiceAccount':
    case 'WorkloadIdentity':
      return NONE;
    case 'Secret':
      return namedSecret(authentication.secretRef.name, source, signal, options);
    case 'RunServiceAccount':
      return run === undefined ? NONE : accountSecrets(run, objects, signal, options);
  }
}

async function namedSecret(
  name: string,
  { backend, objects }: CredentialSource,
  signal: AbortSignal,
  options: ReadOptions,
): Promise<CredentialSupply> {
  const source = `Secret ${backend.namespace}/${name}`;
  const secret = `${source} of ${describeBackend(backend)}`;
  const contents = await objects.getTypedSecret(backend.namespace, name, signal, options);
  if (contents === undefined) throw new StorageError('BackendUnauthorized', `${secret} does not exist; create it`);
  const entries = secretEntries(contents);
  if (typeof entries !== 'string') return { entries: sourced(entries, source), passedOver: [] };
  const message = `${secret} ${entries}; create it with "kubectl create secret docker-registry"`;
  throw new StorageError('BackendUnauthorized', message);
}

/** Read the Secrets of a run's ServiceAccount. As in Chains, skip missing accounts and Secrets, and Secrets without credentials. */
export async function accountSecrets(
  run: Pick<RunTarget, 'namespace' | 'serviceAccountName'>,
  objects: ObjectReader,
  signal: AbortSignal,
  options: ReadOptions = {},
): Promise<CredentialSupply> {
  const { namespace, serviceAccountName } = run;
  const named = `ServiceAccount ${namespace}/${serviceAccountName}`;
  const account = await objects.getServiceAccount(namespace, serviceAccountName, signal, options);
  if (account === undefined) return { entries: [], passedOver: [`${named} (does not exist)`] };
  const { secretNames } = account;
  if (secretNames.length === 0) return { entries: [], passedOver: [`${named} (lists no Secret under "secrets")`] };
  const entries: SourcedEntry[] = [];
  const passedOver: string[] = [];
  for (const name of secretNames.slice(0, MAX_ACCOUNT_SECRETS)) {
    const source = `Secret ${namespace}/${name}`;
    const contents = await listedSecret({ namespace, name, options }, objects, signal);
    if (typeof contents === 'string') passedOver.push(`${source} (${contents})`);
    else entries.push(...sourced(contents, source));
  }
  const unread = secretNames.length - MAX_ACCOUNT_SECRETS;
  if (unread > 0)
    passedOver.push(`${unread} more Secrets of ${named} (only the first ${MAX_ACCOUNT_SECRETS} are read)`);
  return { entries, passedOver };
}

/** The entries of a Secret, or the reason why it has none. */
async function listedSecret(
  { namespace, name, options }: { readonly namespace: string; readonly name: string; readonly options: ReadOptions },
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<readonly DockerConfigEntry[] | string> {
  try {
    const secret = await objects.getTypedSecret(namespace, name, signal, options);
    return secret === undefined ? 'does not exist' : secretEntries(secret);
  } catch (error) {
    if (isForbidden(error)) return 'the operator may not read it';
    throw error;
  }
}

function sourced(entries: readonly DockerConfigEntry[], source: string): readonly SourcedEntry[] {
  return entries.map((entry) => ({ ...entry, source }));
}

/**
 * Read the registry credentials in a Secret: a docker configuration, or a `kubernetes.io/basic-auth` Secret with Tekton's annotations.
 * @returns the reason why it has none, to follow the Secret's name in a message, otherwise
 */
function secretEntries(secret: TypedSecret): readonly DockerConfigEntry[] | string {
  if (secret.type === BASIC) return basicEntries(secret);
  const { data, type } = secret;
  const entries = dockerConfigEntries(data);
  if (entries !== undefined) return entries.length > 0 ? entries : 'holds no user name and password or token';
  if ('.dockerconfigjson' in data || '.dockercfg' in data) return 'cannot be read as a docker configuration';
  const file = 'config.json' in data ? ' with a config.json' : '';
  return `is of type ${type}${file}, not kubernetes.io/dockerconfigjson`;
}

function basicEntries({ annotations, data }: TypedSecret): readonly DockerConfigEntry[] | string {
  const keys = Object.keys(annotations)
    .filter((name) => DOCKER_ANNOTATION.test(name))
    .toSorted()
    .flatMap((name) => annotations[name] ?? []);
  if (keys.length === 0) return `is of type ${BASIC} and has no annotation tekton.dev/docker-0 that names its registry`;
  const username = text(data['username']);
  const password = text(data['password']);
  if (username === '' || password === '') return `is of type ${BASIC} and lacks username or password`;
  return keys.map((key) => ({ key, credential: { type: 'Basic', username, password: new SecretValue(password) } }));
}

function text(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}
