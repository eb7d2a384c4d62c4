// SPDX-License-Identifier: Apache-2.0
import type { TypedSecret } from '../../../credentials/object-reader.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { dockerConfigEntries } from './docker-config.ts';
import type { DockerConfigEntry } from './docker-config.ts';

const BASIC = 'kubernetes.io/basic-auth';
/** Tekton's annotations that name the registries of a basic-auth Secret: `tekton.dev/docker-0`, and so on. */
const DOCKER_ANNOTATION = /^tekton\.dev\/docker-\d+$/;

/**
 * Read the registry credentials in a Secret: a docker configuration, or a `kubernetes.io/basic-auth` Secret with Tekton's annotations.
 * @returns the reason why it has none, to follow the Secret's name in a message, otherwise
 */
export function secretEntries(secret: TypedSecret): readonly DockerConfigEntry[] | string {
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
