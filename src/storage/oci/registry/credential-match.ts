// SPDX-License-Identifier: Apache-2.0
import type { DockerConfigEntry } from './docker-config.ts';
import type { Repository } from './repository.ts';

interface RegistryKey {
  readonly labels: readonly string[];
  readonly port: string;
  readonly path: string;
}

const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * Order the entries for a repository by the kubelet's rules: the longest key first, equal ones as they
 * are listed; globs match within one label of the host, the port is equal, the path is a prefix. A prefix ends at a "/", so that
 * `reg.example/team` is not shown to `reg.example/team-b`.
 */
export function matchingEntries<T extends DockerConfigEntry>(
  entries: readonly T[],
  repository: Repository,
): readonly T[] {
  const target = { ...splitHost(canonicalHost(repository.registry)), path: repository.path };
  return entries
    .map((entry) => ({ key: parseKey(entry.key), entry }))
    .filter(({ key }) => isMatch(key, target))
    .toSorted((left, right) => length(right.key) - length(left.key))
    .map(({ entry }) => entry);
}

function parseKey(key: string): RegistryKey {
  const bare = key.replace(/^https?:\/\//, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const path = slash < 0 ? '' : bare.slice(slash + 1).replace(/^v[12](\/|$)/, '');
  return { ...splitHost(canonicalHost(host)), path: path.replace(/\/+$/, '') };
}

function isMatch(key: RegistryKey, target: RegistryKey): boolean {
  if (key.port !== target.port || key.labels.length !== target.labels.length) return false;
  if (!key.labels.every((label, index) => isLabelMatch(label, target.labels[index] ?? ''))) return false;
  return key.path === '' || target.path === key.path || target.path.startsWith(`${key.path}/`);
}

/**
 * `*` matches any characters and `?` matches one. Backtrack only to the last star, so that no pattern in a tenant's
 * Secret takes more than pattern times label steps.
 */
function isLabelMatch(pattern: string, label: string): boolean {
  let [at, inLabel, star, resume] = [0, 0, -1, 0];
  while (inLabel < label.length) {
    if (pattern[at] === '*') {
      [star, resume] = [at, inLabel];
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === label[inLabel]) {
      at += 1;
      inLabel += 1;
    } else if (star >= 0) {
      resume += 1;
      [at, inLabel] = [star + 1, resume];
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return DOCKER_HUB.includes(lower) ? 'index.docker.io' : lower;
}

function splitHost(host: string): Pick<RegistryKey, 'labels' | 'port'> {
  const port = /:(\d+)$/.exec(host)?.[1] ?? '';
  const name = port === '' ? host : host.slice(0, -port.length - 1);
  // An IPv6 address has colons and no labels.
  return { labels: name.startsWith('[') ? [name] : name.split('.'), port };
}

function length(key: RegistryKey): number {
  return key.labels.join('.').length + key.port.length + key.path.length;
}
