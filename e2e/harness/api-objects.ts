// SPDX-License-Identifier: Apache-2.0
import { asManifest, at, listAt, type Manifest } from '../chart/helm.ts';
import type { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { ApiClient } from '../testbed/node-agent/api-client.ts';
import { readKubeconfig } from '../testbed/node-agent/kubeconfig.ts';
import { ResourcePaths } from './resource-paths.ts';

/** The field manager that kubectl uses, so that either can change what the other applied. */
const applying = 'fieldManager=kubectl&fieldValidation=Strict&force=true';

/**
 * The API server as its administrator, without a process of kubectl for each call, which costs a tenth of a second of
 * processor time or more. Every method returns undefined or throws when kubectl should have a try, for its words.
 */
export class ApiObjects {
  readonly #client: ApiClient;
  readonly #paths: ResourcePaths;

  constructor(plane: ControlPlane) {
    this.#client = new ApiClient(readKubeconfig(plane.kubeconfigPath));
    this.#paths = new ResourcePaths(this.#client);
  }

  /** One object. */
  async get(namespace: string | undefined, kind: string, name: string): Promise<Manifest | undefined> {
    const path = await this.#paths.find(kind, namespace);
    return path === undefined
      ? undefined
      : asManifest(await this.#client.call({ method: 'GET', path: `${path}/${name}` }));
  }

  /** All objects of a kind in a namespace. */
  async list(namespace: string, kind: string): Promise<readonly Manifest[] | undefined> {
    const path = await this.#paths.find(kind, namespace);
    if (path === undefined) return undefined;
    const list = await this.#client.call({ method: 'GET', path });
    const type = { apiVersion: at(list, 'apiVersion'), kind: String(at(list, 'kind')).replace(/List$/, '') };
    return listAt(list, 'items').map((item) => ({ ...type, ...asManifest(item) }));
  }

  async create(object: Manifest): Promise<Manifest | undefined> {
    const path = await this.#collectionOf(object);
    const call = { method: 'POST', path: `${path}?fieldValidation=Strict`, body: object } as const;
    return path === undefined ? undefined : asManifest(await this.#client.call(call));
  }

  /** Server-side apply; false when the kind is not served. */
  async apply(object: Manifest): Promise<boolean> {
    const path = await this.#collectionOf(object);
    if (path === undefined) return false;
    const name = String(at(object, 'metadata', 'name'));
    const contentType = 'application/apply-patch+yaml';
    await this.#client.call({ method: 'PATCH', path: `${path}/${name}?${applying}`, body: object, contentType });
    return true;
  }

  /** A merge patch; false when the kind is not served. */
  async patch(namespace: string, [kind, name]: readonly [string, string], body: object): Promise<boolean> {
    const path = await this.#paths.find(kind, namespace);
    if (path === undefined) return false;
    const contentType = 'application/merge-patch+json';
    await this.#client.call({ method: 'PATCH', path: `${path}/${name}?fieldValidation=Strict`, body, contentType });
    return true;
  }

  async #collectionOf(object: Manifest): Promise<string | undefined> {
    const namespace = at(object, 'metadata', 'namespace');
    return this.#paths.find(String(object['kind']), typeof namespace === 'string' ? namespace : undefined);
  }
}
