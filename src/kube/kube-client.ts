// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../runtime/clock.ts';
import { SERVICE_ACCOUNTS } from './core-resources.ts';
import { isNotFound } from './kube-error.ts';
import type { KubeConnection } from './kube-connection.ts';
import type { KubeObserver, KubeVerb } from './kube-observer.ts';
import { KubeTransport, type Query } from './kube-transport.ts';
import { listPages, type ListOptions, type ListPage } from './watch/list-pages.ts';
import { apiVersionOf, objectKey, resourceName, resourcePath, type ObjectName, type Resource } from './resource.ts';
import { tokenAudiences } from './token-audiences.ts';

/** Every call can be given up by its caller, and ends by itself. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** From the start to the last byte of the answer; 30 s when absent. */
  readonly timeoutMs?: number;
}

export interface WriteOptions extends CallOptions {
  /** The field manager, `hallmark` when absent. */
  readonly fieldManager?: string;
}

export interface DeleteOptions extends CallOptions {
  /** Deletes only the object with this UID; another one under the name is a Conflict. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly namespace?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  /** After which the API server ends the watch in good order. */
  readonly timeoutSeconds: number;
}

/** An object to write; `apiVersion` and `kind` come from its resource. */
export interface WritableObject {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

/** A merge patch of a named object; null removes a field. */
export interface MergePatch {
  readonly metadata: WritableObject['metadata'] & {
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
    readonly finalizers?: readonly string[];
  };
}

export interface KubeClientOptions {
  readonly connection: Pick<KubeConnection, 'server' | 'endpoint' | 'invalidate' | 'maxConnections'>;
  readonly clock: Clock;
  /** `hallmark/<version>` */
  readonly userAgent: string;
  readonly observer?: KubeObserver;
  /** Carries the requests; HTTP over the connection when absent. */
  readonly transport?: Pick<KubeTransport, 'json' | 'stream'>;
}

const FIELD_MANAGER = 'hallmark';
const METADATA_TYPE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_LIST_TYPE = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface Write {
  readonly verb: KubeVerb;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly subresource?: 'status';
  readonly contentType?: string;
}

/** Calls to the Kubernetes API. Every method throws KubeError when the server refuses or cannot be reached. */
export class KubeClient {
  readonly #transport: Pick<KubeTransport, 'json' | 'stream'>;
  readonly #connection: Pick<KubeConnection, 'endpoint'>;

  constructor(options: KubeClientOptions) {
    this.#transport = options.transport ?? new KubeTransport(options);
    this.#connection = options.connection;
  }

  /** The audiences of our own token, which are the API server's; none for a certificate or an opaque token. */
  async ownAudiences(): Promise<readonly string[]> {
    const { headers } = await this.#connection.endpoint();
    return tokenAudiences(headers['authorization']);
  }

  async get<T>(resource: Resource<T>, name: ObjectName, options: CallOptions): Promise<T> {
    const response = await this.#transport.json({
      ...options,
      verb: 'get',
      method: 'GET',
      resource: resourceName(resource),
      target: `${resourceName(resource)} ${objectKey(name)}`,
      path: resourcePath(resource, name),
      accept: objectType(resource),
    });
    return resource.parse(response);
  }

  /** Like `get`; undefined when there is no such object. */
  async find<T>(resource: Resource<T>, name: ObjectName, options: CallOptions): Promise<T | undefined> {
    try {
      return await this.get(resource, name, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * The objects of the resource as decoded, unparsed pages: callers need not keep whole objects.
   * A continue token that expires starts the list again, with `restarted` set on the first page that follows.
   */
  pages(resource: Resource<unknown>, options: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    return listPages((query, call) => this.#listPage(resource, query, call), options);
  }

  /** The objects one by one. When a long list has to start again, earlier objects come again. */
  async *list<T>(resource: Resource<T>, options: ListOptions): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages(resource, options)) {
      for (const item of page.items) yield resource.parse(item);
    }
  }

  /** All objects of one consistent list, each once. */
  async listAll<T>(resource: Resource<T>, options: ListOptions): Promise<readonly T[]> {
    let objects: T[] = [];
    for await (const page of this.pages(resource, options)) {
      if (page.restarted) objects = [];
      for (const item of page.items) objects.push(resource.parse(item));
    }
    return objects;
  }

  /** Opens a watch with bookmarks. @returns the answer's body as it arrives, one JSON event a line */
  async watch(resource: Resource<unknown>, options: WatchOptions): Promise<AsyncIterable<unknown>> {
    return this.#transport.stream({
      signal: options.signal,
      verb: 'watch',
      method: 'GET',
      resource: resourceName(resource),
      target: resourceName(resource),
      path: resourcePath(resource, { namespace: options.namespace }),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: options.resourceVersion,
        timeoutSeconds: options.timeoutSeconds,
        fieldSelector: options.fieldSelector,
      },
      accept: objectType(resource),
    });
  }

  /** @throws KubeError for which `isAlreadyExists` holds when the name is taken */
  async create<T>(resource: Resource<T>, object: WritableObject, options: WriteOptions): Promise<T> {
    return this.#write(resource, object, { verb: 'create', method: 'POST' }, options);
  }

  /** Replaces the whole object; with `metadata.resourceVersion` only that version of it. */
  async replace<T>(resource: Resource<T>, object: WritableObject, options: WriteOptions): Promise<T> {
    return this.#write(resource, object, { verb: 'update', method: 'PUT' }, options);
  }

  /** Replaces the status subresource; spec and labels of the object given are ignored by the server. */
  async replaceStatus<T>(resource: Resource<T>, object: WritableObject, options: WriteOptions): Promise<T> {
    return this.#write(resource, object, { verb: 'update', method: 'PUT', subresource: 'status' }, options);
  }

  /** RFC 7386 merge patch; a `metadata.uid` or `metadata.resourceVersion` inside it is a precondition. */
  async mergePatch<T>(resource: Resource<T>, patch: MergePatch, options: WriteOptions): Promise<T> {
    return this.#write(resource, patch, { verb: 'patch', method: 'PATCH', contentType: MERGE_PATCH }, options);
  }

  /** Requests a token of a ServiceAccount (`TokenRequest`). @returns the API server's response, unparsed */
  async createToken(
    account: ObjectName,
    token: { readonly audience: string; readonly seconds: number },
    options: CallOptions,
  ): Promise<unknown> {
    return this.#transport.json({
      ...options,
      verb: 'create',
      method: 'POST',
      resource: 'serviceaccounts/token',
      target: `serviceaccounts/token ${objectKey(account)}`,
      path: resourcePath(SERVICE_ACCOUNTS, { ...account, subresource: 'token' }),
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [token.audience], expirationSeconds: token.seconds },
      },
    });
  }

  /** @returns false when there was no such object any more */
  async delete(resource: Resource<unknown>, name: ObjectName, options: DeleteOptions): Promise<boolean> {
    const { uid, resourceVersion, signal, timeoutMs } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    try {
      await this.#transport.json({
        signal,
        timeoutMs,
        verb: 'delete',
        method: 'DELETE',
        resource: resourceName(resource),
        target: `${resourceName(resource)} ${objectKey(name)}`,
        path: resourcePath(resource, name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
      });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #listPage(resource: Resource<unknown>, query: Query, options: ListOptions): Promise<unknown> {
    return this.#transport.json({
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      maxResponseBytes: options.maxPageBytes,
      verb: 'list',
      method: 'GET',
      resource: resourceName(resource),
      target: resourceName(resource) + (options.namespace === undefined ? '' : ` in ${options.namespace}`),
      path: resourcePath(resource, { namespace: options.namespace }),
      query,
      accept: resource.representation === 'Metadata' ? METADATA_LIST_TYPE : undefined,
    });
  }

  async #write<T>(resource: Resource<T>, object: WritableObject, write: Write, options: WriteOptions): Promise<T> {
    const { name, namespace } = object.metadata;
    const label = resourceName(resource) + (write.subresource === undefined ? '' : `/${write.subresource}`);
    const target = write.verb === 'create' ? { namespace } : { namespace, name };
    const response = await this.#transport.json({
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      verb: write.verb,
      method: write.method,
      resource: label,
      target: `${label} ${objectKey({ name, namespace })}`,
      path: resourcePath(
        resource,
        write.subresource === undefined ? target : { ...target, subresource: write.subresource },
      ),
      query: { fieldManager: options.fieldManager ?? FIELD_MANAGER },
      body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
      contentType: write.contentType,
      accept: objectType(resource),
    });
    return resource.parse(response);
  }
}

const MERGE_PATCH = 'application/merge-patch+json';

function objectType(resource: Resource<unknown>): string | undefined {
  return resource.representation === 'Metadata' ? METADATA_TYPE : undefined;
}
