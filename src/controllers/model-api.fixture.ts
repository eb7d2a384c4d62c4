// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { field, isObject } from '../api/v1alpha1/field.ts';
import { KubeClient } from '../kube/kube-client.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { TransportRequest } from '../kube/kube-transport.ts';
import type { Clock } from '../runtime/clock.ts';

type Json = Readonly<Record<string, unknown>>;

/** Decides what becomes of a request: it may serve it, refuse it, or serve it and lose the answer. */
export type Interception = (request: TransportRequest, serve: () => unknown) => unknown;

/** An API server in memory: objects by path, with UIDs, versions and preconditions. It knows no schema and no watch. */
export class ModelApi {
  readonly #objects = new Map<string, Json>();
  readonly #clock: Clock;
  #version = 0;
  /** Every request, as `create provenancerecords.hallmark.dev`. */
  readonly requests: string[] = [];
  intercept: Interception = (_request, serve) => serve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get client(): KubeClient {
    const transport = {
      json: async (request: TransportRequest): Promise<unknown> => {
        this.requests.push(`${request.verb} ${request.resource}`);
        return Promise.resolve(this.intercept(request, () => this.#serve(request)));
      },
      stream: () => Promise.reject(new Error('the model serves no watch')),
    };
    const connection = {
      server: 'https://model.example',
      endpoint: () => Promise.reject(new Error('the model has no endpoint')),
      invalidate: () => undefined,
    };
    return new KubeClient({ transport, connection, clock: this.#clock, userAgent: 'test' });
  }

  /** The objects of a resource, by its plural name. */
  objects(plural: string): readonly Json[] {
    return [...this.#objects].filter(([path]) => path.split('/').at(-2) === plural).map(([, object]) => object);
  }

  /** Changes stored objects behind everybody's back. */
  rewrite(plural: string, change: (object: Json) => Json): void {
    for (const [path, object] of this.#objects)
      if (path.split('/').at(-2) === plural) this.#objects.set(path, change(object));
  }

  count(request: string): number {
    return this.requests.filter((each) => each === request).length;
  }

  #serve(request: TransportRequest): unknown {
    const { method, path, body } = request;
    const isStatus = path.endsWith('/status');
    const target = isStatus ? path.slice(0, -'/status'.length) : path;
    if (method === 'POST') return this.#create(target, body);
    const found = this.#objects.get(target);
    if (method === 'GET' && isCollection(target)) return this.#list(target);
    if (found === undefined) throw notFound(target);
    if (method === 'GET') return found;
    if (method === 'DELETE') {
      check(found, field(body, 'preconditions'));
      this.#objects.delete(target);
      return {};
    }
    check(found, field(body, 'metadata'));
    return this.#store(target, changed(found, request, isStatus), found);
  }

  #create(collection: string, body: unknown): Json {
    const path = `${collection}/${text(field(field(body, 'metadata'), 'name'))}`;
    if (this.#objects.has(path)) throw failure(409, 'AlreadyExists', path);
    const made = { uid: randomUUID(), generation: 1, creationTimestamp: this.#clock.now().toISOString() };
    return this.#store(path, merged({ metadata: made }, body), {});
  }

  #list(collection: string): Json {
    const isListed = (path: string): boolean => {
      const own = path.slice(0, path.lastIndexOf('/'));
      return own === collection || own.replace(/\/namespaces\/[^/]+/, '') === collection;
    };
    const items = [...this.#objects].filter(([path]) => isListed(path)).map(([, object]) => object);
    return { metadata: { resourceVersion: String(this.#version) }, items };
  }

  #store(path: string, object: Json, before: Json): Json {
    this.#version += 1;
    const kept = field(before, 'metadata');
    const metadata = { ...spread(field(object, 'metadata')), ...uidOf(kept), resourceVersion: String(this.#version) };
    const stored = { ...object, metadata };
    this.#objects.set(path, stored);
    return stored;
  }
}

/** The API server cannot be reached. */
export function unreachable(): KubeError {
  return new KubeError({ status: 0, reason: 'Unreachable', message: 'connection refused' });
}

/** `/apis/group/version/plural`, with or without a namespace; the core group has one part less. */
function isCollection(path: string): boolean {
  const rest = path.replace(/^\/(api|apis\/[^/]+)\/[^/]+\//, '').replace(/^namespaces\/[^/]+\//, '');
  return !rest.includes('/');
}

/** The kind is not served. */
export function notServed(): KubeError {
  const message = 'the server could not find the requested resource';
  return new KubeError({ status: 404, reason: 'NotFound', message, about: {} });
}

function notFound(path: string): KubeError {
  const [kind, name] = path.split('/').slice(-2);
  return new KubeError({ status: 404, reason: 'NotFound', message: `${path} not found`, about: { kind, name } });
}

function failure(status: number, reason: string, path: string): KubeError {
  return new KubeError({ status, reason, message: `${path}: ${reason}` });
}

function check(found: Json, precondition: unknown): void {
  const metadata = field(found, 'metadata');
  for (const name of ['uid', 'resourceVersion']) {
    const wanted = field(precondition, name);
    if (wanted !== undefined && wanted !== field(metadata, name)) throw failure(409, 'Conflict', name);
  }
}

function changed(found: Json, { method, body }: TransportRequest, isStatus: boolean): Json {
  if (isStatus) return { ...found, status: field(body, 'status') };
  if (method === 'PATCH') return merged(found, body);
  const metadata = merged(field(found, 'metadata'), field(body, 'metadata'));
  return { ...found, ...spread(body), metadata, status: field(found, 'status') };
}

/** RFC 7386. */
function merged(object: unknown, patch: unknown): Json {
  const result: Record<string, unknown> = { ...spread(object) };
  for (const [name, value] of Object.entries(spread(patch))) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = isObject(value) && !Array.isArray(value) ? merged(result[name], value) : value;
  }
  return result;
}

function uidOf(metadata: unknown): Json {
  const uid = field(metadata, 'uid');
  return uid === undefined ? {} : { uid };
}

function spread(value: unknown): Json {
  return isObject(value) && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
