// SPDX-License-Identifier: Apache-2.0
import { KnownObjects } from './known-objects.ts';
import type { ListWatchHandler } from './list-watch-options.ts';
import { objectMetadata, type ObjectMetadata } from './object-metadata.ts';
import { objectKey } from './resource.ts';

export interface ObjectFeedOptions<T> {
  readonly project: (object: unknown) => T | undefined;
  readonly handler: ListWatchHandler<T>;
  readonly onFailure: (key: string, error: unknown) => void;
}

/** Turns what lists and watches say into upserts and removes, each version of an object delivered once. */
export class ObjectFeed<T> {
  readonly #options: ObjectFeedOptions<T>;
  readonly #known = new KnownObjects();
  /** For each rescan under way, the keys deleted since it began: its list may still have them. */
  readonly #rescans = new Set<Set<string>>();

  constructor(options: ObjectFeedOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#known.size;
  }

  beginList(): void {
    this.#known.beginList();
  }

  /** An object of the list under way, or of an ADDED or MODIFIED event. */
  seen(object: unknown): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined) return;
    const key = objectKey(metadata);
    if (this.#known.isCurrent(key, metadata.uid, metadata.resourceVersion)) return;
    this.#deliver(key, metadata, object);
  }

  /** Ends the list: what it did not have is removed. */
  endList(): void {
    for (const key of this.#known.endList()) this.#remove(key, undefined);
  }

  /** A DELETED event. An object that was never delivered is, in its last state, if it can be projected. */
  deleted(object: unknown): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined) return;
    const key = objectKey(metadata);
    const last = this.#project(key, object);
    if (this.#known.delete(key) || last !== undefined) this.#remove(key, last);
  }

  beginRescan(): Set<string> {
    const removed = new Set<string>();
    this.#rescans.add(removed);
    return removed;
  }

  /** An object of a rescan's list, delivered unless the watch is ahead of that list. */
  rescanned(object: unknown, removed: ReadonlySet<string>): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined) return;
    const key = objectKey(metadata);
    if (removed.has(key)) return;
    // A version other than the one delivered is older, or the watch is about to deliver it.
    if (this.#known.has(key) && !this.#known.isCurrent(key, metadata.uid, metadata.resourceVersion)) return;
    this.#deliver(key, metadata, object);
  }

  endRescan(removed: Set<string>): void {
    this.#rescans.delete(removed);
  }

  #deliver(key: string, metadata: ObjectMetadata, object: unknown): void {
    if (this.#known.isReplaced(key, metadata.uid)) {
      this.#known.delete(key);
      this.#remove(key, undefined);
    }
    const projected = this.#project(key, object);
    if (projected === undefined) {
      if (this.#known.delete(key)) this.#remove(key, undefined);
      return;
    }
    this.#known.set(key, metadata.uid, metadata.resourceVersion);
    this.#guarded(key, () => {
      this.#options.handler.upsert(key, projected);
    });
  }

  #remove(key: string, last: T | undefined): void {
    for (const removed of this.#rescans) removed.add(key);
    this.#guarded(key, () => {
      this.#options.handler.remove(key, last);
    });
  }

  #project(key: string, object: unknown): T | undefined {
    try {
      return this.#options.project(object);
    } catch (error) {
      this.#options.onFailure(key, error);
      return undefined;
    }
  }

  /** A handler that throws is a defect of ours; it must not cost the events behind it. */
  #guarded(key: string, deliver: () => void): void {
    try {
      deliver();
    } catch (error) {
      this.#known.delete(key);
      this.#options.onFailure(key, error);
    }
  }
}
