// SPDX-License-Identifier: Apache-2.0
import { asManifest, at, listAt, type Manifest } from '../chart/helm.ts';
import type { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { ApiClient, ApiError } from '../testbed/node-agent/api-client.ts';
import { readKubeconfig } from '../testbed/node-agent/kubeconfig.ts';
import { ResourcePaths } from './resource-paths.ts';

/** The field manager that kubectl uses, so that either can change what the other applied. */
const applying = 'fieldManager=kubectl&fieldValidation=Strict&force=true';

/** An object after a change, or as it was last. */
export interface Change {
  readonly object: Manifest;
  readonly isDeleted: boolean;
}

/**
 * The API server as its administrator, without a process of kubectl for each call, which costs a tenth of a second of
 * processor time or more. Every method returns undefined or throws when kubectl should have a try, for its words.
 */
export class ApiObjects {
  readonly #client: ApiClient;
  readonly #paths: ResourcePaths;

  /** @param headers - for each request, such as those that ask in another user's name */
  constructor(plane: ControlPlane, headers: Readonly<Record<string, string | readonly string[]>> = {}) {
    this.#client = new ApiClient(readKubeconfig(plane.kubeconfigPath), headers);
    this.#paths = new ResourcePaths(this.#client);
  }

  /** One object. */
  async get(namespace: string | undefined, kind: string, name: string): Promise<Manifest | undefined> {
    const path = await this.#paths.find(kind, namespace);
    return path === undefined
      ? undefined
      : asManifest(await this.#client.call({ method: 'GET', path: `${path}/${name}` }));
  }

  /** One object; undefined when there is none. */
  async find(namespace: string, [kind, name]: readonly [string, string]): Promise<Manifest | undefined> {
    try {
      return await this.get(namespace, kind, name);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** All objects of a kind, or of several (`taskruns,pipelineruns`), in a namespace, or in all of them when none is given. */
  async list(namespace: string | undefined, kinds: string): Promise<readonly Manifest[] | undefined> {
    const found: Manifest[] = [];
    for (const kind of kinds.split(',')) {
      const list = await this.#list(namespace, kind);
      if (list === undefined) return undefined;
      found.push(...list);
    }
    return found;
  }

  async #list(namespace: string | undefined, kind: string): Promise<readonly Manifest[] | undefined> {
    const path = await (namespace === undefined ? this.#paths.findAll(kind) : this.#paths.find(kind, namespace));
    if (path === undefined) return undefined;
    const list = await this.#client.call({ method: 'GET', path });
    const type = { apiVersion: at(list, 'apiVersion'), kind: String(at(list, 'kind')).replace(/List$/, '') };
    return listAt(list, 'items').map((item) => ({ ...type, ...asManifest(item) }));
  }

  /**
   * One object as it is now and after each change, until the signal or the API server ends it. Nothing is yielded while there is no
   * such object. Undefined for a kind that is not served.
   */
  async follow(
    [kind, name]: readonly [string, string],
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Manifest> | undefined> {
    const path = await this.#paths.find(kind, namespace);
    return path === undefined ? undefined : this.#states(`${path}?fieldSelector=metadata.name%3D${name}&`, signal);
  }

  /** The objects of a kind in a namespace that are there now, and each change after that. Undefined for a kind that is not served. */
  async followAll(kind: string, namespace: string, signal: AbortSignal): Promise<AsyncIterable<Change> | undefined> {
    const path = await this.#paths.find(kind, namespace);
    return path === undefined ? undefined : this.#changes(`${path}?`, signal);
  }

  async *#states(path: string, signal: AbortSignal): AsyncGenerator<Manifest> {
    for await (const { object, isDeleted } of this.#changes(path, signal)) if (!isDeleted) yield object;
  }

  async *#changes(path: string, signal: AbortSignal): AsyncGenerator<Change> {
    for await (const line of this.#client.lines(`${path}watch=true`, signal)) {
      const event: unknown = JSON.parse(line);
      const type = at(event, 'type');
      if (type === 'ERROR') return;
      yield { object: asManifest(at(event, 'object')), isDeleted: type === 'DELETED' };
    }
  }

  async create(object: Manifest, { isDryRun = false } = {}): Promise<Manifest | undefined> {
    const path = await this.#collectionOf(object);
    const query = `fieldValidation=Strict${isDryRun ? '&dryRun=All' : ''}`;
    const call = { method: 'POST', path: `${path}?${query}`, body: object } as const;
    return path === undefined ? undefined : asManifest(await this.#client.call(call));
  }

  /** Replaces the object of this name, whatever its version. */
  async replace(object: Manifest): Promise<Manifest | undefined> {
    const path = await this.#collectionOf(object);
    if (path === undefined) return undefined;
    const place = `${path}/${String(at(object, 'metadata', 'name'))}`;
    const resourceVersion = at(await this.#client.call({ method: 'GET', path: place }), 'metadata', 'resourceVersion');
    const body = { ...object, metadata: { ...asManifest(object['metadata']), resourceVersion } };
    return asManifest(await this.#client.call({ method: 'PUT', path: `${place}?fieldValidation=Strict`, body }));
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

  /** A merge patch of an object, or of a subresource such as `status`; false when the kind is not served. */
  async patch(
    namespace: string,
    [kind, name, subresource]: readonly [string, string, string?],
    body: object,
  ): Promise<boolean> {
    const path = await this.#paths.find(kind, namespace);
    if (path === undefined) return false;
    const contentType = 'application/merge-patch+json';
    const place = [path, name, ...(subresource === undefined ? [] : [subresource])].join('/');
    await this.#client.call({ method: 'PATCH', path: `${place}?fieldValidation=Strict`, body, contentType });
    return true;
  }

  /** The UID of what finalizers still keep, if they do; false when the kind is not served. */
  async delete(namespace: string, [kind, name]: readonly [string, string]): Promise<{ left?: unknown } | false> {
    const path = await this.#paths.find(kind, namespace);
    if (path === undefined) return false;
    const answer = await this.#client.call({
      method: 'DELETE',
      path: `${path}/${name}?propagationPolicy=Background`,
    });
    return at(answer, 'kind') === 'Status' ? {} : { left: at(answer, 'metadata', 'uid') };
  }

  async #collectionOf(object: Manifest): Promise<string | undefined> {
    const namespace = at(object, 'metadata', 'namespace');
    return this.#paths.find(String(object['kind']), typeof namespace === 'string' ? namespace : undefined);
  }
}
