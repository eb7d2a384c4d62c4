// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { ApiError, type ApiClient } from './api-client.ts';
import { parsePod, type Pod } from './pod.ts';

export interface PodHandler {
  upsert(pod: Pod): void;
  /** The pod is gone from the API server. */
  remove(uid: string): void;
}

export interface PodWatchOptions {
  readonly client: ApiClient;
  readonly handler: PodHandler;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
}

const List = Type.Object({
  metadata: Type.Object({ resourceVersion: Type.String() }),
  items: Type.Array(Type.Unknown()),
});
const Event = Type.Object({ type: Type.String(), object: Type.Unknown() });
const Versioned = Type.Object({ metadata: Type.Object({ resourceVersion: Type.String() }) });

const firstPauseMilliseconds = 50;

/** Follows every pod of the cluster until the signal: list, watch, and again after each cut, with what vanished meanwhile reported. */
export async function watchPods(options: PodWatchOptions): Promise<void> {
  const { signal, log } = options;
  const known = new Set<string>();
  let version: string | undefined;
  let pause = firstPauseMilliseconds;
  while (!signal.aborted) {
    const before = version;
    try {
      version ??= await list(options, known);
      // One line for each absence of the server, however often it is asked.
      const quiet = pause > firstPauseMilliseconds;
      version = await follow(quiet ? { ...options, log: () => undefined } : options, known, version);
    } catch (error) {
      if (error instanceof Expired) version = undefined;
      else log(`pod watch: ${String(error)}`);
    }
    pause = before === version ? Math.min(pause * 2, 2000) : firstPauseMilliseconds;
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** The server has forgotten the version that the watch wanted to go on from. */
class Expired extends Error {}

async function list({ client, handler, signal }: PodWatchOptions, known: Set<string>): Promise<string> {
  const answer = await client.insist({ method: 'GET', path: '/api/v1/pods', signal });
  if (!Value.Check(List, answer)) throw new Error('the list of pods is no list');
  const pods = answer.items.map(parsePod);
  const present = new Set(pods.map((pod) => pod.metadata.uid));
  for (const uid of [...known].filter((candidate) => !present.has(candidate))) {
    known.delete(uid);
    handler.remove(uid);
  }
  for (const pod of pods) {
    known.add(pod.metadata.uid);
    handler.upsert(pod);
  }
  return answer.metadata.resourceVersion;
}

/** Watches from a version until the server ends it; the version to go on from. */
async function follow(options: PodWatchOptions, known: Set<string>, from: string): Promise<string> {
  const { client, signal, log } = options;
  const path = `/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=600&resourceVersion=${from}`;
  let version = from;
  try {
    for await (const line of client.lines(path, signal)) {
      const event: unknown = JSON.parse(line);
      if (!Value.Check(Event, event)) throw new Error('a watch event without type and object');
      if (event.type === 'ERROR') throw new Expired(line);
      deliver(options, known, event);
      if (Value.Check(Versioned, event.object)) version = event.object.metadata.resourceVersion;
    }
  } catch (error) {
    if (error instanceof Expired || (error instanceof ApiError && error.status === 410)) throw new Expired();
    if (!signal.aborted) log(`pod watch cut: ${String(error)}`);
  }
  return version;
}

function deliver({ handler }: PodWatchOptions, known: Set<string>, event: { type: string; object: unknown }): void {
  if (event.type === 'BOOKMARK') return;
  const pod = parsePod(event.object);
  if (event.type === 'DELETED') {
    known.delete(pod.metadata.uid);
    handler.remove(pod.metadata.uid);
  } else {
    known.add(pod.metadata.uid);
    handler.upsert(pod);
  }
}
