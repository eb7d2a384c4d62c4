// SPDX-License-Identifier: Apache-2.0
import { exponentialBackoff, type Backoff } from '../../runtime/queue/backoff.ts';
import { IdleWatchdog } from './idle-watchdog.ts';
import { objectField, stringField } from '../../json/fields.ts';
import { isExpired, isUnavailable, KubeError } from '../kube-error.ts';
import { kubeErrorFromStatus } from '../kube-status.ts';
import { ListReading } from './list-reading.ts';
import type { ListWatchOptions, RestartEvent, WatchRestart, WatchSource } from './list-watch-options.ts';
import { ObjectFeed } from './object-feed.ts';
import { resourceName } from '../resource.ts';
import { watchFrames } from './watch-frames.ts';

const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const STALL_MS = 150_000;
const MIN_WATCH_SECONDS = 300;
const MAX_RETRY_MS = 30_000;
/** A watch that ends sooner than this without an event counts as a failure, so that it is not opened in a tight loop. */
const SHORT_WATCH_MS = 1_000;
/** After so many failures in a row the version that the watch continues from is given up and the objects are listed. */
const FAILURES_BEFORE_RELIST = 5;

/** The watch was silent for too long. */
class StalledWatch extends Error {}

/**
 * Follows all objects of a resource: a list in pages, and a watch from the version of its first page on, for ever. It keeps the UID and
 * version of each object it delivered and no object. Cuts, stalls and restarts of the API server continue from the last version
 * seen; if the server has forgotten that version, a list shows the changed and the deleted objects.
 */
export class ListWatch<T> implements WatchSource {
  readonly name: string;
  readonly #options: ListWatchOptions<T>;
  readonly #feed: ObjectFeed<T>;
  readonly #stopped = new AbortController();
  readonly #backoff: Backoff;
  readonly #random: () => number;
  /** The version from which the watch continues; undefined asks for a list. */
  #version: string | undefined;
  #failures = 0;
  /** Lists in a row that broke off after their first page. */
  #brokenLists = 0;
  #list: ListReading | undefined;
  #synced = false;
  #lastError: string | undefined = 'not listed yet';
  #brokenSinceMs: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ListWatchOptions<T>) {
    const { resource, namespace } = options;
    this.name = resourceName(resource) + (namespace === undefined ? '' : ` in ${namespace}`);
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = exponentialBackoff({ minMs: 500, maxMs: MAX_RETRY_MS, jitter: 0.5, random: this.#random });
    this.#feed = new ObjectFeed({
      project: options.project,
      handler: options.handler,
      onFailure: (key, error) => options.observer?.failed?.({ name: this.name, key, error }),
    });
  }

  get synced(): boolean {
    return this.#synced;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  get brokenMs(): number {
    return this.#brokenSinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#brokenSinceMs;
  }

  /** Objects delivered and not removed. */
  get size(): number {
    return this.#feed.size;
  }

  has(key: string, uid: string): boolean {
    return this.#feed.has(key, uid);
  }

  start(): void {
    if (this.#running !== undefined) throw new Error(`the watch of ${this.name} was started twice`);
    this.#running = this.#run(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error(`the watch of ${this.name} is stopped`));
    await this.#running;
  }

  async rescan(options: { readonly namespace?: string | undefined; readonly signal: AbortSignal }): Promise<void> {
    const own = this.#options.namespace;
    if (own !== undefined && options.namespace !== undefined && options.namespace !== own) return;
    const signal = AbortSignal.any([options.signal, this.#stopped.signal]);
    while (!(await this.#rescanOnce(options.namespace ?? own, signal)));
  }

  /** @returns false when a full list overtook it, which delivers only what changed */
  async #rescanOnce(namespace: string | undefined, signal: AbortSignal): Promise<boolean> {
    const rescan = this.#feed.beginRescan();
    try {
      for await (const page of this.#pages(namespace, signal)) {
        for (const object of page.items) this.#feed.rescanned(object, rescan);
        if (rescan.isOvertaken) return false;
      }
      return !rescan.isOvertaken;
    } finally {
      this.#feed.endRescan(rescan);
    }
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        this.#version ??= await this.#beginList(stop);
        await this.#watch(this.#version, stop);
      } catch (error) {
        await this.#recover(error, stop);
      }
    }
    await this.#list?.abandon();
  }

  #pages(namespace: string | undefined, signal: AbortSignal): ReturnType<ListWatchOptions<T>['client']['pages']> {
    const { client, resource, pageSize } = this.#options;
    return client.pages(resource, { signal, namespace, pageSize, isFollowed: true });
  }

  /** @returns the version from which the watch follows, while the rest of the list is read */
  async #beginList(stop: AbortSignal): Promise<string> {
    await this.#list?.abandon();
    const feed = this.#feed;
    const reader = {
      begin: (): void => {
        feed.beginList();
      },
      object: (object: unknown): void => {
        feed.listed(object);
      },
      end: (): void => {
        this.#listed();
      },
    };
    this.#list = await ListReading.begin((signal) => this.#pages(this.#options.namespace, signal), reader, stop);
    return this.#list.version;
  }

  #listed(): void {
    this.#feed.endList();
    this.#brokenLists = 0;
    // Failures are forgotten by a watch that works, not by a list: else a watch that is refused would cost a list each time.
    this.#lastError = undefined;
    this.#brokenSinceMs = undefined;
    if (this.#synced) return;
    this.#synced = true;
    this.#options.handler.synced();
  }

  /** One watch, until the server ends it in good order. @throws when it ended in any other way */
  async #watch(resourceVersion: string, stop: AbortSignal): Promise<void> {
    const { client, resource, clock, namespace } = this.#options;
    const session = new AbortController();
    const onStop = (): void => {
      session.abort(stop.reason);
    };
    stop.addEventListener('abort', onStop, { once: true });
    const unlisted = this.#list?.failure;
    const onUnlisted = (): void => {
      session.abort(unlisted?.reason);
    };
    unlisted?.addEventListener('abort', onUnlisted, { once: true });
    const watchdog = new IdleWatchdog(clock, this.#options.stallMs ?? STALL_MS, () => {
      session.abort(new StalledWatch(`the watch of ${this.name} was silent for too long`));
    });
    let openedMs = Infinity;
    const isShort = (): boolean => clock.monotonicMs() - openedMs < SHORT_WATCH_MS;
    try {
      unlisted?.throwIfAborted();
      const signal = session.signal;
      const timeoutSeconds = Math.round(MIN_WATCH_SECONDS * (1 + this.#random()));
      const body = await client.watch(resource, { signal, namespace, resourceVersion, timeoutSeconds });
      openedMs = clock.monotonicMs();
      this.#noError();
      const frames = await this.#consume(body, watchdog);
      if (frames === 0 && isShort()) {
        throw brokenWatch(`the watch of ${this.name} ended as soon as it began`);
      }
      this.#working();
      this.#restarted({ cause: 'Ended', error: undefined, failures: 0, retryMs: 0 });
    } catch (error) {
      if (!isShort()) this.#failures = 0;
      unlisted?.throwIfAborted();
      const reason: unknown = session.signal.reason;
      throw reason instanceof StalledWatch ? reason : error;
    } finally {
      watchdog.stop();
      stop.removeEventListener('abort', onStop);
      unlisted?.removeEventListener('abort', onUnlisted);
    }
  }

  async #consume(body: AsyncIterable<unknown>, watchdog: IdleWatchdog): Promise<number> {
    let frames = 0;
    for await (const { type, object } of watchFrames(body, this.#options.maxFrameBytes ?? MAX_FRAME_BYTES)) {
      watchdog.touch();
      if (type === 'ERROR') throw kubeErrorFromStatus(`watch ${this.name}`, object);
      const version = eventVersion(object);
      if (version === undefined) throw brokenWatch(`the watch of ${this.name} sent an event without a version`);
      frames += 1;
      this.#working();
      if (type === 'DELETED') this.#feed.deleted(object);
      else if (type !== 'BOOKMARK') this.#feed.seen(object);
      this.#version = version;
    }
    return frames;
  }

  #working(): void {
    this.#failures = 0;
    this.#noError();
  }

  /** A watch that works says nothing of a list that is still being read. */
  #noError(): void {
    if (this.#list?.isComplete !== true) return;
    this.#lastError = undefined;
    this.#brokenSinceMs = undefined;
  }

  #restarted(event: Omit<RestartEvent, 'name' | 'resource'>): void {
    const { observer, resource } = this.#options;
    observer?.restarted?.({ name: this.name, resource: resourceName(resource), ...event });
  }

  async #recover(error: unknown, stop: AbortSignal): Promise<void> {
    if (stop.aborted) return;
    const cause = restartCause(error);
    this.#noteFailure(error, cause);
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#brokenSinceMs ??= this.#options.clock.monotonicMs();
    const askedMs = error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const first = this.#failures === 1 && (cause === 'Expired' || cause === 'Stalled');
    const retryMs = first ? 0 : Math.max(this.#backoff.delayMs(this.#failures), Math.min(askedMs, MAX_RETRY_MS));
    this.#restarted({
      cause,
      error: error instanceof Error ? error : undefined,
      failures: this.#failures,
      retryMs,
    });
    await this.#options.clock.sleep(retryMs, stop).catch(() => undefined); // stopped: the loop ends
  }

  /** Counts the failure, and gives up the version that the watch continues from where it is of no use any more. */
  #noteFailure(error: unknown, cause: WatchRestart): void {
    const isListBroken = this.#list?.failure.aborted === true && this.#version !== undefined;
    if (isListBroken) this.#brokenLists += 1;
    // The watch may work for long before the list breaks off once more.
    this.#failures = Math.max(this.#failures + 1, this.#brokenLists);
    const mayContinue = cause === 'Stalled' || cause === 'Cut' || isUnavailable(error);
    // A list that is sure to be served is dearer than a watch, but a version the server cannot serve may fail in many ways.
    const isWorn = this.#failures % FAILURES_BEFORE_RELIST === 0;
    if (isListBroken || cause === 'Expired' || !mayContinue || isWorn) this.#version = undefined;
  }
}

/** Bookmarks have a version and nothing else. */
function eventVersion(object: unknown): string | undefined {
  return stringField(objectField(object, 'metadata'), 'resourceVersion');
}

function brokenWatch(message: string): KubeError {
  return new KubeError({ status: 0, reason: 'MalformedResponse', message });
}

function restartCause(error: unknown): WatchRestart {
  if (error instanceof StalledWatch) return 'Stalled';
  if (isExpired(error)) return 'Expired';
  // Anything that broke once the answer had begun is no KubeError with a status of its own.
  if (!(error instanceof KubeError) || error.reason === 'MalformedResponse') return 'Cut';
  return 'Refused';
}
