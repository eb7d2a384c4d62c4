// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import Value from 'typebox/value';
import type { PathMap } from './path-map.ts';

/** A Secret of the run's ServiceAccount, as Tekton's controller names it to the entrypoint. */
export interface DockerSecret {
  readonly flag: 'docker-config' | 'docker-cfg' | 'basic-docker';
  /** The Secret's name; for `basic-docker` followed by `=` and the registry. */
  readonly value: string;
}

const Auths = Type.Record(Type.String(), Type.Unknown());
const DockerConfig = Type.Object({ auths: Auths });

/** Writes the registry logins to `.docker/config.json` in the step's home, as the entrypoint does. */
export async function writeDockerCredentials(
  secrets: readonly DockerSecret[],
  paths: PathMap,
  home: string,
): Promise<void> {
  if (secrets.length === 0) return;
  const auths: Record<string, unknown> = {};
  for (const secret of secrets) Object.assign(auths, await authsOf(secret, paths));
  await mkdir(join(home, '.docker'), { recursive: true });
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
}

async function authsOf({ flag, value }: DockerSecret, paths: PathMap): Promise<Readonly<Record<string, unknown>>> {
  const [secret = '', registry = ''] = value.split('=');
  const entry = (name: string): Promise<string> =>
    readFile(join(paths.rewrite(`/tekton/creds-secrets/${secret}`), name), 'utf8');
  switch (flag) {
    case 'docker-config':
      return Value.Parse(DockerConfig, JSON.parse(await entry('.dockerconfigjson'))).auths;
    case 'docker-cfg':
      return Value.Parse(Auths, JSON.parse(await entry('.dockercfg')));
    case 'basic-docker': {
      const [username, password] = [await entry('username'), await entry('password')];
      return { [registry]: { username, password, auth: Buffer.from(`${username}:${password}`).toString('base64') } };
    }
  }
}
