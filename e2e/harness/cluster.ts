// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { asManifest, at, listAt, type Manifest } from '../chart/helm.ts';
import type { ControlPlane, KubectlOptions } from '../testbed/control-plane/control-plane.ts';
import { measured } from '../testbed/processes/measured.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import { ApiObjects } from './api-objects.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { parseWaitCondition, type MeetsCondition } from './wait-condition.ts';

/** Timeout for a condition: generous, because a machine with two cores runs everything. */
export const PATIENCE_SECONDS = 120;

/** Between two tries to watch. */
const REST_MILLISECONDS = 100;

/** An Event as far as tests ask about it. */
export interface EventView {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly regardingKind: string;
  readonly regardingUID: string;
  /** The number of occurrences, as the Event's series counts them. */
  readonly count: number;
}

/** A condition of an object, and its name in the message when it is not met in time. */
export interface Expected {
  readonly condition: string;
  readonly isMet: MeetsCondition;
  readonly timeoutSeconds?: number;
}

/** A number of objects that are as the predicate says. */
export interface ExpectedMany<T> extends Pick<Expected, 'condition' | 'timeoutSeconds'> {
  readonly count: number;
  readonly parse: (object: Manifest) => T;
  readonly isMet: (object: T) => boolean;
}

/** The API server as an administrator uses it, by kubectl where a test is about kubectl or its error messages. */
export class Cluster {
  readonly plane: ControlPlane;
  readonly #objects: ApiObjects;

  constructor(plane: ControlPlane) {
    this.plane = plane;
    this.#objects = new ApiObjects(plane);
  }

  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandOutput> {
    return this.plane.kubectl(args, options);
  }

  /** The output of `kubectl … -o json`, parsed. */
  async json(args: readonly string[]): Promise<Manifest> {
    const direct = await unlessItFails(() => this.#get(args));
    return direct ?? asManifest(JSON.parse((await this.kubectl([...args, '-o', 'json'])).stdout));
  }

  async #get([verb, ...args]: readonly string[]): Promise<Manifest | undefined> {
    const { words, namespace, isEverywhere } = placeOf(args);
    const [kind, name, ...rest] = words.length === 1 ? (words[0] ?? '').split('/') : words;
    if (verb !== 'get' || kind === undefined || rest.length > 0) return undefined;
    if (name !== undefined) return isEverywhere ? undefined : this.#objects.get(namespace, kind, name);
    const items = await this.#objects.list(isEverywhere ? undefined : (namespace ?? 'default'), kind);
    return items === undefined ? undefined : { apiVersion: 'v1', kind: 'List', items };
  }

  /** One object, such as `taskrun/bake`; undefined when there is none. */
  find(namespace: string, name: string): Promise<Manifest | undefined> {
    return this.#objects.find(namespace, splitName(name));
  }

  /** The items of `kubectl get … -o json`. */
  async list(args: readonly string[]): Promise<readonly Manifest[]> {
    return listAt(await this.json(['get', ...args]), 'items').map(asManifest);
  }

  /** Applies objects given as data, in this order. */
  async apply(...objects: readonly object[]): Promise<void> {
    for (const [index, object] of objects.entries()) {
      if ((await unlessItFails(() => this.#objects.apply(asManifest(object)))) === true) continue;
      const list = { apiVersion: 'v1', kind: 'List', items: objects.slice(index) };
      await this.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(list) });
      return;
    }
  }

  /** Creates one object; returns it as the API server made it. */
  async create(object: object): Promise<Manifest> {
    const direct = await unlessItFails(() => this.#objects.create(asManifest(object)));
    if (direct !== undefined) return direct;
    const { stdout } = await this.kubectl(['create', '-o', 'json', '-f', '-'], { stdin: JSON.stringify(object) });
    return asManifest(JSON.parse(stdout));
  }

  /** A merge patch of one object, such as `signingpolicy/builds`. */
  async patch(namespace: string, name: string, patch: object): Promise<void> {
    if ((await unlessItFails(() => this.#objects.patch(namespace, splitName(name), patch))) === true) return;
    await this.kubectl(['patch', '-n', namespace, name, '--type=merge', '-p', JSON.stringify(patch)]);
  }

  /** Deletes one object, such as `taskrun/bake`, and waits until it is gone. */
  async delete(namespace: string, name: string): Promise<void> {
    const target = splitName(name);
    const deleted = await unlessItFails(() => this.#objects.delete(namespace, target));
    if (deleted === undefined || deleted === false) {
      await this.kubectl(['delete', '-n', namespace, name]);
    } else if (deleted.left !== undefined) {
      const uid = async (): Promise<unknown> => at(await this.#objects.find(namespace, target), 'metadata', 'uid');
      await waitUntil(`${namespace}/${name} is gone`, async () => (await uid()) !== deleted.left);
    }
  }

  /** Waits as `kubectl wait --for=…` does for one object; it need not exist yet. */
  wait(namespace: string, name: string, condition: string, timeoutSeconds = PATIENCE_SECONDS): Promise<void> {
    const isMet = parseWaitCondition(condition);
    return isMet === undefined
      ? measured('waiting', () => this.#kubectlWait(namespace, name, { condition, timeoutSeconds }))
      : this.until(namespace, name, { condition, isMet, timeoutSeconds });
  }

  /** Waits until one object is there and meets a condition. */
  until(namespace: string, name: string, expected: Expected): Promise<void> {
    return measured('waiting', () => this.#until(namespace, name, expected));
  }

  async #until(
    namespace: string,
    name: string,
    { condition, isMet, timeoutSeconds = PATIENCE_SECONDS }: Expected,
  ): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
    let last: Manifest | undefined;
    while (!deadline.aborted) {
      const seen = await this.#watch(namespace, name, { isMet, signal: deadline });
      if (seen.isMet) return;
      last = seen.last ?? last;
      await delay(REST_MILLISECONDS);
    }
    const status = JSON.stringify(last?.['status']);
    throw new Error(`waited ${timeoutSeconds} s in vain until ${namespace}/${name} meets ${condition}: ${status}`);
  }

  /** Watches one object until it meets a condition, or until the watch ends. */
  async #watch(
    namespace: string,
    name: string,
    { isMet, signal }: { readonly isMet: MeetsCondition; readonly signal: AbortSignal },
  ): Promise<{ readonly isMet: boolean; readonly last?: Manifest }> {
    let last: Manifest | undefined;
    try {
      for await (const object of (await this.#objects.follow(splitName(name), namespace, signal)) ?? []) {
        last = object;
        if (isMet(object)) return { isMet: true };
      }
    } catch {
      // The API server is away, or has no more time for this watch.
    }
    return last === undefined ? { isMet: false } : { isMet: false, last };
  }

  /** Watches the objects of a kind in a namespace until so many meet a condition. @returns all of them as they are then */
  untilMany<T>(namespace: string, kind: string, expected: ExpectedMany<T>): Promise<readonly T[]> {
    return measured('waiting', () => this.#untilMany(namespace, kind, expected));
  }

  async #untilMany<T>(namespace: string, kind: string, expected: ExpectedMany<T>): Promise<readonly T[]> {
    const { condition, count, timeoutSeconds = PATIENCE_SECONDS } = expected;
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
    const seen = { objects: new Map<unknown, T>(), met: new Set<unknown>() };
    while (!deadline.aborted) {
      seen.objects.clear();
      seen.met.clear();
      if (await this.#watchMany([namespace, kind], { ...expected, seen, signal: deadline }))
        return [...seen.objects.values()];
      await delay(REST_MILLISECONDS);
    }
    const many = `${count} ${kind} of ${namespace} meet ${condition}`;
    throw new Error(`waited ${timeoutSeconds} s in vain until ${many}: ${seen.met.size} of ${seen.objects.size} do`);
  }

  /** Watches until so many objects meet a condition, or until the watch ends. */
  async #watchMany<T>(
    [namespace, kind]: readonly [string, string],
    { count, parse, isMet, seen: { objects, met }, signal }: ExpectedMany<T> & WatchedMany<T>,
  ): Promise<boolean> {
    try {
      for await (const { object, isDeleted } of (await this.#objects.followAll(kind, namespace, signal)) ?? []) {
        const name = at(object, 'metadata', 'name');
        met.delete(name);
        objects.delete(name);
        if (isDeleted) continue;
        const parsed = parse(object);
        objects.set(name, parsed);
        if (isMet(parsed)) met.add(name);
        if (met.size >= count) return true;
      }
    } catch {
      // The API server is away, or has no more time for this watch.
    }
    return false;
  }

  async #kubectlWait(
    namespace: string,
    name: string,
    { condition, timeoutSeconds }: { readonly condition: string; readonly timeoutSeconds: number },
  ): Promise<void> {
    const args = ['wait', '-n', namespace, name, `--for=${condition}`, `--timeout=${timeoutSeconds}s`];
    await this.kubectl(args, { timeoutSeconds: timeoutSeconds + 10 });
  }

  /** The Events of a namespace. */
  async events(namespace: string): Promise<readonly EventView[]> {
    return (await this.list(['events', '-n', namespace])).map((event) => ({
      type: String(event['type']),
      reason: String(event['reason']),
      message: String(event['message']),
      regardingKind: String(at(event, 'involvedObject', 'kind')),
      regardingUID: String(at(event, 'involvedObject', 'uid')),
      count: Number(at(event, 'series', 'count') ?? event['count'] ?? 1),
    }));
  }
}

/** The state of a watch of many objects, by their names. */
interface WatchedMany<T> {
  readonly seen: { readonly objects: Map<unknown, T>; readonly met: Set<unknown> };
  readonly signal: AbortSignal;
}

/** The arguments of kubectl without those that say where objects are, and what these say. */
function placeOf(args: readonly string[]): {
  readonly words: readonly string[];
  readonly namespace: string | undefined;
  readonly isEverywhere: boolean;
} {
  const flag = args.indexOf('-n');
  const words = flag === -1 ? args : args.toSpliced(flag, 2);
  return {
    words: words.filter((word) => word !== '-A'),
    namespace: flag === -1 ? undefined : args[flag + 1],
    isEverywhere: args.includes('-A'),
  };
}

/** The kind and the name of `kind/name`. */
function splitName(name: string): readonly [string, string] {
  const [kind = '', object = ''] = name.split('/');
  return [kind, object];
}

/** Resolves with undefined where kubectl shall try it instead, and fail with its own words. */
async function unlessItFails<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}
