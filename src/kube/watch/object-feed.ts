// SPDX-License-Identifier: Apache-2.0
import { KnownObjects } from './known-objects.ts';
import type { ListWatchHandler, Origin } from './list-watch-options.ts';
import { objectMetadata, type ObjectMetadata } from '../object-metadata.ts';
import { objectKey } from '../resource.ts';

export interface ObjectFeedOptions<T> {
  readonly project: (object: unknown) => T | undefined;
  readonly handler: ListWatchHandler<T>;
  readonly onFailure: (key: string, error: unknown) => void;
}

interface Delivery {
  readonly key: string;
  readonly metadata: ObjectMetadata;
  readonly origin: Origin;
}

interface Removal<T> {
  readonly key: string;
  readonly uid: string;
  readonly last: T | undefined;
}

/** A list that is read while the watch goes on, which is ahead of it. */
export interface Rescan {
  /** Keys that went since it began: its pages may still have them. */
  readonly removed: Set<string>;
  /** The full list that began after it may be newer: what that list does not have must not come back. */
  isOvertaken: boolean;
}

/** Turns lists and watch events into upserts and removes, each version of an object delivered once. */
export class ObjectFeed<T> {
  readonly #options: ObjectFeedOptions<T>;
  readonly #known = new KnownObjects();
  readonly #rescans = new Set<Rescan>();
  /** Keys that went since the list under way began: its later pages may still have them. */
  #removed: Set<string> | undefined;

  constructor(options: ObjectFeedOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#known.size;
  }

  /** True when the object was delivered and is not removed. */
  has(key: string, uid: string): boolean {
    return this.#known.uid(key) === uid;
  }

  /** A list begins, with its first page at hand. Rescans under way may have read an older state, and end. */
  beginList(): void {
    this.#known.beginList();
    this.#removed = new Set();
    for (const rescan of this.#rescans) rescan.isOvertaken = true;
    this.#rescans.clear();
  }

  /** An object of the list under way. The watch may be ahead of its page. */
  listed(object: unknown): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined) return;
    const key = objectKey(metadata);
    if (this.#removed?.has(key) === true || this.#known.isListed(key)) return;
    if (this.#known.isCurrent(key, metadata.uid, metadata.resourceVersion)) return;
    this.#deliver({ key, metadata, origin: 'List' }, object);
  }

  /** An object of an ADDED or MODIFIED event. */
  seen(object: unknown): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined) return;
    const key = objectKey(metadata);
    if (this.#known.isCurrent(key, metadata.uid, metadata.resourceVersion)) return;
    this.#deliver({ key, metadata, origin: 'Event' }, object);
  }

  /** Ends the list: what it did not have is removed. */
  endList(): void {
    this.#removed = undefined;
    for (const key of this.#known.endList()) this.#forget(key);
  }

  /** A DELETED event. An object that was never delivered is, in its last state, if it can be projected. */
  deleted(object: unknown): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined) return;
    const key = objectKey(metadata);
    const last = this.#project(key, object);
    this.#gone(key);
    const uid = this.#known.uid(key);
    this.#known.delete(key);
    if (uid !== undefined || last !== undefined) this.#remove({ key, uid: uid ?? metadata.uid, last });
  }

  beginRescan(): Rescan {
    const rescan = { removed: new Set<string>(), isOvertaken: false };
    this.#rescans.add(rescan);
    return rescan;
  }

  /** An object of a rescan's list, delivered unless the watch is ahead of that list or a full list overtook it. */
  rescanned(object: unknown, { removed, isOvertaken }: Rescan): void {
    const metadata = objectMetadata(object);
    if (metadata === undefined || isOvertaken) return;
    const key = objectKey(metadata);
    if (removed.has(key)) return;
    // A version other than the one delivered is older, or the watch is about to deliver it.
    if (this.#known.has(key) && !this.#known.isCurrent(key, metadata.uid, metadata.resourceVersion)) return;
    this.#deliver({ key, metadata, origin: 'List' }, object);
  }

  endRescan(rescan: Rescan): void {
    this.#rescans.delete(rescan);
  }

  #deliver({ key, metadata, origin }: Delivery, object: unknown): void {
    if (this.#known.isReplaced(key, metadata.uid)) this.#forget(key);
    const projected = this.#project(key, object);
    if (projected === undefined) {
      this.#gone(key);
      this.#forget(key);
      return;
    }
    const known = this.#known.set(key, metadata.uid, metadata.resourceVersion);
    this.#guarded(key, () => {
      this.#options.handler.upsert(known, projected, origin);
    });
  }

  /** Removes an object whose last state is unknown, if it was delivered. */
  #forget(key: string): void {
    const uid = this.#known.uid(key);
    if (uid === undefined) return;
    this.#known.delete(key);
    this.#remove({ key, uid, last: undefined });
  }

  #remove({ key, uid, last }: Removal<T>): void {
    this.#gone(key);
    this.#guarded(key, () => {
      this.#options.handler.remove(key, last, uid);
    });
  }

  /** Pages that were read before this still have the object. */
  #gone(key: string): void {
    this.#removed?.add(key);
    for (const { removed } of this.#rescans) removed.add(key);
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
