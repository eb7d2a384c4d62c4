// SPDX-License-Identifier: Apache-2.0
import { parseImageReference } from '../../../tekton/images/image-reference.ts';

/** A repository on a registry, `registry/path`. */
export interface Repository {
  /** `host` or `host:port`, as written; Docker Hub is `index.docker.io`. */
  readonly registry: string;
  readonly path: string;
}

const REGISTRY = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;
/** The distribution specification's grammar. It also keeps "..", empty parts and the like out of request paths. */
const PATH = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const ANY_DIGEST = `sha256:${'0'.repeat(64)}`;

/**
 * The repository that an image name stands for, read as the subjects of a run are. undefined when no registry could hold it:
 * Maven coordinates, package URLs, and what the reference takes for an image and fails on at the network, like https URLs.
 */
export function parseRepository(name: string): Repository | undefined {
  const image = parseImageReference(`${name}@${ANY_DIGEST}`);
  if (image === undefined || !REGISTRY.test(image.registry) || !PATH.test(image.repositoryPath)) return undefined;
  return { registry: image.registry, path: image.repositoryPath };
}

export function repositoryName(repository: Repository): string {
  return `${repository.registry}/${repository.path}`;
}

/** The same for every spelling of a repository that leads to one place: names of hosts have no case, and 443 is the port of https. */
export function repositoryKey({ registry, path }: Repository): string {
  return `${registry.toLowerCase().replace(/:443$/, '')}/${path}`;
}
