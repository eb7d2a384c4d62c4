// SPDX-License-Identifier: Apache-2.0
import { at, listAt } from '../chart/helm.ts';
import type { ApiClient } from '../testbed/node-agent/api-client.ts';

/** A resource as the API server publishes it. */
interface Resource {
  /** `/api/v1` or `/apis/<group>/<version>`. */
  readonly root: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

const aggregatedDiscovery = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Maps every name that kubectl accepts for a resource to its path. */
export class ResourcePaths {
  readonly #client: ApiClient;
  #resources: ReadonlyMap<string, Resource> = new Map();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** The path of a collection; undefined for a name that the API server does not serve. */
  async find(kind: string, namespace = 'default'): Promise<string | undefined> {
    const resource = await this.#find(kind);
    if (resource === undefined) return undefined;
    const { root, plural, isNamespaced } = resource;
    return isNamespaced ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
  }

  /** The path of the objects of a kind in all namespaces; undefined for a name that the API server does not serve. */
  async findAll(kind: string): Promise<string | undefined> {
    const resource = await this.#find(kind);
    return resource === undefined ? undefined : `${resource.root}/${resource.plural}`;
  }

  async #find(kind: string): Promise<Resource | undefined> {
    const name = kind.toLowerCase();
    // The CRD may be newer than the last discovery.
    if (!this.#resources.has(name)) this.#resources = await this.#discover();
    return this.#resources.get(name);
  }

  async #discover(): Promise<ReadonlyMap<string, Resource>> {
    const resources = new Map<string, Resource>();
    // As in kubectl, the core group and then the group listed first win a name that several groups share.
    for (const path of ['/api', '/apis']) {
      const document = await this.#client.call({ method: 'GET', path, accept: aggregatedDiscovery });
      for (const group of listAt(document, 'items')) addGroup(resources, group);
    }
    return resources;
  }
}

function addGroup(resources: Map<string, Resource>, group: unknown): void {
  const name = at(group, 'metadata', 'name');
  const prefix = typeof name === 'string' && name !== '' ? `/apis/${name}` : '/api';
  for (const version of listAt(group, 'versions')) {
    const root = `${prefix}/${String(at(version, 'version'))}`;
    for (const published of listAt(version, 'resources')) addResource(resources, root, published);
  }
}

function addResource(resources: Map<string, Resource>, root: string, published: unknown): void {
  const plural = String(at(published, 'resource'));
  const resource = { root, plural, isNamespaced: at(published, 'scope') === 'Namespaced' };
  const names = [plural, at(published, 'singularResource'), at(published, 'responseKind', 'kind')];
  for (const alias of [...names, ...listAt(published, 'shortNames')]) {
    const key = String(alias).toLowerCase();
    if (!resources.has(key)) resources.set(key, resource);
  }
}
