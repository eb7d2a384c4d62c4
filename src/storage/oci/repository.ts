// SPDX-License-Identifier: Apache-2.0

/** A repository on a registry, `registry/path`. */
export interface Repository {
  /** `host` or `host:port`, as written; Docker Hub is `index.docker.io`. */
  readonly registry: string;
  readonly path: string;
}

const TAG = /^[A-Za-z0-9_.-]{1,128}$/;
const REGISTRY = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
/** The distribution specification's grammar. It also keeps "..", empty parts and the like out of request paths. */
const PATH = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

/**
 * The repository an image name stands for, by the weak rules of go-containerregistry that Chains applies: a tag is dropped,
 * a name without a registry is Docker Hub's. undefined when it is no image name that a registry could take: a URL, Maven
 * coordinates, a package URL.
 */
export function parseRepository(name: string): Repository | undefined {
  const untagged = withoutTag(name);
  const slash = untagged.indexOf('/');
  const first = untagged.slice(0, Math.max(slash, 0));
  const named = slash > 0 && (first === 'localhost' || /[.:]/.test(first));
  const registry = named ? first : 'docker.io';
  const path = named ? untagged.slice(slash + 1) : untagged;
  if (!REGISTRY.test(registry) || path.length < 2 || path.length > 255 || !PATH.test(path)) return undefined;
  if (registry !== 'docker.io' && registry !== 'index.docker.io') return { registry, path };
  return { registry: 'index.docker.io', path: path.includes('/') ? path : `library/${path}` };
}

export function repositoryName(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':');
  const tag = name.slice(colon + 1);
  return colon > 0 && !tag.includes('/') && TAG.test(tag) ? name.slice(0, colon) : name;
}
