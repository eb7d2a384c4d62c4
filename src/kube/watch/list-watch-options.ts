// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { KubeClient } from '../kube-client.ts';
import type { Resource } from '../resource.ts';

/** The source of a delivery: a watch event, or a list of all objects. */
export type Origin = 'Event' | 'List';

/** Handles the objects of a resource, level-triggered: the latest state counts, not the events. Must not throw. */
export interface ListWatchHandler<T> {
  /** The object is there, in this version. */
  upsert(key: string, object: T, origin: Origin): void;
  /** The object with this UID is gone, or projected away. `last` is its last state, if the API server sent it. */
  remove(key: string, last: T | undefined, uid: string): void;
  /** Everything that was there at the start has been delivered. Called once. */
  synced(): void;
}

/** The cause of a watch's restart: the server ended it in good order, it broke, it fell silent, its version expired, or it was refused. */
export type WatchRestart = 'Ended' | 'Cut' | 'Stalled' | 'Expired' | 'Refused';

export interface RestartEvent {
  readonly name: string;
  /** The name without the namespace. */
  readonly resource: string;
  readonly cause: WatchRestart;
  readonly error: Error | undefined;
  readonly failures: number;
  readonly retryMs: number;
}

/** Observes restarts and failures of list-watches, for logs and metrics. */
export interface ListWatchObserver {
  /** The watch or list restarts in `retryMs`, after `failures` failures in a row. */
  restarted?(event: RestartEvent): void;
  /** An object could not be projected, or its handler threw; it is delivered again with its next version or list. */
  failed?(event: { readonly name: string; readonly key: string; readonly error: unknown }): void;
}

export interface ListWatchOptions<T> {
  readonly client: Pick<KubeClient, 'pages' | 'watch'>;
  readonly resource: Resource<unknown>;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  /** Returns the part of a decoded object to keep; undefined leaves the object out. Items of a list may lack `apiVersion` and `kind`. */
  readonly project: (object: unknown) => T | undefined;
  readonly handler: ListWatchHandler<T>;
  readonly clock: Clock;
  readonly observer?: ListWatchObserver;
  readonly random?: () => number;
  /** Objects a page of a list; 100 when absent. */
  readonly pageSize?: number;
  /** Events larger than this break the watch; 16 MiB when absent, far above what the API server stores. */
  readonly maxFrameBytes?: number;
  /** A watch that is silent for this long is reopened; 150 s when absent, more than twice the interval of bookmarks. */
  readonly stallMs?: number;
}

/** One or more list-watches seen as one. */
export interface WatchSource {
  /** For logs and readiness: the resource, and its namespace if it has one. */
  readonly name: string;
  /** True once every object that existed at the start has been delivered. */
  readonly synced: boolean;
  /** The current failure; undefined while it works. */
  readonly lastError: string | undefined;
  /** True when the object was delivered and is not removed. */
  has(key: string, uid: string): boolean;
  /** Milliseconds for which it has failed without a break; 0 while it works. */
  readonly brokenMs: number;
  start(): void;
  stop(): Promise<void>;
  /**
   * Delivers every object (of one namespace) again, from a list of its own, while the watch goes on. Newer objects that the
   * watch delivered meanwhile are left alone.
   */
  rescan(options: { readonly namespace?: string | undefined; readonly signal: AbortSignal }): Promise<void>;
}
