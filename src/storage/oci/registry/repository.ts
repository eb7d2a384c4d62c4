// SPDX-License-Identifier: Apache-2.0
import { parseImageReference } from '../../../tekton/images/image-reference.ts';

/** A repository on a registry, `registry/path`. */
export interface Repository {
  /** `host` or `host:port`, as written; Docker Hub is `index.docker.io`. */
  readonly registry: string;
  readonly path: string;
}

const REGISTRY = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
/** The distribution specification's grammar. It also keeps "..", empty parts and so on out of request paths. */
const PATH = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const ANY_DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * Parse an image name as the subjects of a run are parsed. Undefined when no registry could hold the repository:
 * Maven coordinates, package URLs, and names that the reference takes for images and fails on at the network, like https URLs.
 */
export function parseRepository(name: string): Repository | undefined {
  const image = parseImageReference(`${name}@${ANY_DIGEST}`);
  if (image === undefined || !REGISTRY.test(image.registry) || !PATH.test(image.repositoryPath)) return undefined;
  return { registry: image.registry, path: image.repositoryPath };
}

export function repositoryName(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

/** A key that all spellings of a repository share: host names are case-insensitive, and 443 is the port of https. */
export function repositoryKey({ registry, path }: Repository): string {
  return `${registry.toLowerCase().replace(/:443$/, '')}/${path}`;
}
