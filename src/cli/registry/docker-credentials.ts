// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { stringField, stringMapField } from '../../json/fields.ts';
import { tryParseJson } from '../../json/try-parse-json.ts';
import { matchingEntries } from '../../storage/oci/registry/credential-match.ts';
import { dockerConfigEntries, type DockerConfigEntry } from '../../storage/oci/registry/docker-config.ts';
import type { Repository } from '../../storage/oci/registry/repository.ts';
import { credentialOfHelper } from './credential-helper.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The names under which Docker Hub is written. Helpers know it by the last. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'https://index.docker.io/v1/'];

/**
 * The user's logins for a repository: that of the helper which the docker configuration names for its registry or for all, and then those
 * in the configuration itself. @throws UncheckedError if a helper fails
 */
export async function dockerCredentials(
  repository: Repository,
  environment: Environment = process.env,
): Promise<readonly DockerConfigEntry[]> {
  const directory = environment['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const bytes = await readFile(join(directory, 'config.json')).catch(() => undefined);
  if (bytes === undefined) return [];
  const entries = matchingEntries(dockerConfigEntries({ '.dockerconfigjson': bytes }) ?? [], repository);
  const config = tryParseJson(bytes);
  const registries = namesOf(repository.registry);
  const helpers = stringMapField(config, 'credHelpers');
  const helper = registries.map((name) => helpers[name]).find((name) => name !== undefined);
  const name = helper ?? stringField(config, 'credsStore') ?? '';
  const credential = name === '' ? undefined : await credentialOfHelper(name, registries.at(-1) ?? '', environment);
  return credential === undefined ? entries : [{ key: repository.registry, credential }, ...entries];
}

function namesOf(registry: string): readonly string[] {
  const lower = registry.toLowerCase();
  return DOCKER_HUB.includes(lower) ? DOCKER_HUB : [registry];
}
