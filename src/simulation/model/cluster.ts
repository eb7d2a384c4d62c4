// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, listField, objectField, stringField } from '../../json/fields.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { type ObjectName, objectKey } from '../../kube/resource.ts';

export interface ClusterEvent {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: JsonObject;
}

type Listener = (event: ClusterEvent) => void;

interface Collection {
  readonly objects: Map<string, JsonObject>;
  readonly log: ClusterEvent[];
  readonly listeners: Set<Listener>;
  /** No watch can resume from an older version. */
  forgottenVersion: number;
}

/** The objects of a Kubernetes cluster with their versions and history, as stored in etcd. */
export class ModelCluster {
  readonly #collections = new Map<string, Collection>();
  readonly #timestamp: () => string;
  #version = 1;
  #uids = 0;

  /** @param timestamp returns the current time, RFC 3339 in whole seconds */
  constructor(timestamp: () => string) {
    this.#timestamp = timestamp;
  }

  get version(): number {
    return this.#version;
  }

  get(plural: string, name: ObjectName): JsonObject | undefined {
    return this.#collection(plural).objects.get(objectKey(name));
  }

  list(plural: string, namespace?: string): readonly JsonObject[] {
    const objects = [...this.#collection(plural).objects.values()];
    if (namespace === undefined) return objects;
    return objects.filter((object) => stringField(objectField(object, 'metadata'), 'namespace') === namespace);
  }

  /** @throws KubeError `AlreadyExists` */
  create(plural: string, object: JsonObject): JsonObject {
    const metadata = objectField(object, 'metadata');
    const key = keyOf(metadata);
    const { objects } = this.#collection(plural);
    if (objects.has(key)) throw refusal(409, 'AlreadyExists', `${plural} "${key}" already exists`);
    this.#uids += 1;
    const uid = `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`;
    return this.#store(plural, 'ADDED', {
      ...object,
      metadata: { uid, ...metadata, generation: 1, creationTimestamp: this.#timestamp() },
    });
  }

  /** Replaces the status or all but the metadata, or merges a patch (RFC 7386). @throws KubeError `NotFound` or `Conflict` */
  update(plural: string, how: 'Status' | 'Whole' | 'Patch', change: JsonObject): JsonObject {
    const current = this.#current(plural, objectField(change, 'metadata'));
    const { apiVersion, kind } = current;
    const next = how === 'Patch' ? merged(current, change) : replaced(current, how, change);
    const before = objectField(current, 'metadata');
    const isSpecChanged = withoutStatus(next) !== withoutStatus(current);
    const generation = Number(before['generation']) + (isSpecChanged ? 1 : 0);
    const metadata = { ...objectField(next, 'metadata'), generation };
    const whole = { ...next, apiVersion, kind, metadata };
    // A no-op write creates no new version and no event.
    if (JSON.stringify(whole) === JSON.stringify(current)) return current;
    if (!isDeleting(whole)) return this.#store(plural, 'MODIFIED', whole);
    const isNewFinalizer = finalizersOf(whole).some((finalizer) => !finalizersOf(current).includes(finalizer));
    if (isNewFinalizer) throw refusal(422, 'Invalid', `${plural} is being deleted: no new finalizers can be added`);
    return finalizersOf(whole).length > 0 ? this.#store(plural, 'MODIFIED', whole) : this.#remove(plural, whole);
  }

  /** Finalizers put the end of an object off. @throws KubeError `NotFound` or `Conflict` */
  delete(plural: string, name: ObjectName, preconditions: JsonObject = {}): void {
    const current = this.#current(plural, { ...name, ...preconditions });
    if (finalizersOf(current).length === 0) this.#remove(plural, current);
    else if (!isDeleting(current)) {
      const metadata = { ...objectField(current, 'metadata'), deletionTimestamp: this.#timestamp() };
      this.#store(plural, 'MODIFIED', { ...current, metadata });
    }
  }

  /** Delivers all past events after `sinceVersion`, then new ones. @throws KubeError `Expired` */
  watch(plural: string, sinceVersion: number, listener: Listener): () => void {
    const { log, listeners, forgottenVersion } = this.#collection(plural);
    if (sinceVersion < forgottenVersion) throw refusal(410, 'Expired', 'too old resource version');
    for (const event of log) if (event.version > sinceVersion) listener(event);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Drops the history so far, as etcd's compaction does. */
  compact(): void {
    for (const collection of this.#collections.values()) {
      collection.log.length = 0;
      collection.forgottenVersion = this.#version;
    }
  }

  #current(plural: string, wanted: JsonObject): JsonObject {
    const key = keyOf(wanted);
    const current = this.#collection(plural).objects.get(key);
    if (current === undefined) throw refusal(404, 'NotFound', `${plural} "${key}" not found`);
    const metadata = objectField(current, 'metadata');
    for (const name of ['uid', 'resourceVersion']) {
      const value = wanted[name];
      if (value !== undefined && value !== metadata[name])
        throw refusal(409, 'Conflict', `${plural} "${key}" has another ${name} than ${JSON.stringify(value)}`);
    }
    return current;
  }

  #store(plural: string, type: 'ADDED' | 'MODIFIED', object: JsonObject): JsonObject {
    const stored = this.#append(plural, type, object);
    this.#collection(plural).objects.set(keyOf(objectField(stored, 'metadata')), stored);
    return stored;
  }

  #remove(plural: string, object: JsonObject): JsonObject {
    this.#collection(plural).objects.delete(keyOf(objectField(object, 'metadata')));
    return this.#append(plural, 'DELETED', object);
  }

  #append(plural: string, type: ClusterEvent['type'], object: JsonObject): JsonObject {
    this.#version += 1;
    const resourceVersion = String(this.#version);
    const versioned = { ...object, metadata: { ...objectField(object, 'metadata'), resourceVersion } };
    const event = { version: this.#version, type, object: versioned };
    const { log, listeners } = this.#collection(plural);
    log.push(event);
    for (const listener of listeners) listener(event);
    return versioned;
  }

  #collection(plural: string): Collection {
    const existing = this.#collections.get(plural);
    if (existing !== undefined) return existing;
    const collection = { objects: new Map(), log: [], listeners: new Set<Listener>(), forgottenVersion: 0 };
    this.#collections.set(plural, collection);
    return collection;
  }
}

/** Builds an API server's error response. */
export function refusal(status: number, reason: string, message: string): KubeError {
  return new KubeError({ status, reason, message });
}

function keyOf(metadata: JsonObject): string {
  return objectKey({ name: stringField(metadata, 'name') ?? '', namespace: stringField(metadata, 'namespace') });
}

export function isDeleting(object: JsonObject): boolean {
  return stringField(objectField(object, 'metadata'), 'deletionTimestamp') !== undefined;
}

export function finalizersOf(object: JsonObject): readonly unknown[] {
  return listField(objectField(object, 'metadata'), 'finalizers');
}

function withoutStatus(object: JsonObject): string {
  const { spec, evidence } = object;
  return JSON.stringify([spec, evidence]);
}

function replaced(current: JsonObject, how: 'Status' | 'Whole', change: JsonObject): JsonObject {
  if (how === 'Status') return { ...current, status: change['status'] };
  return { ...change, metadata: current['metadata'] };
}

function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else if (isObject(value)) result[name] = merged(objectField(result, name), value);
    else result[name] = value;
  }
  return result;
}
