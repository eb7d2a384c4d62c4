// SPDX-License-Identifier: Apache-2.0
import type { Backoff } from './backoff.ts';
import type { Clock } from '../clock.ts';
import { DueHeap } from './due-heap.ts';

/** Observes a queue, for metrics. Every method is optional. */
export interface QueueObserver {
  /** A key was added that was not waiting already. */
  added?(): void;
  /** A key was handed out after waiting so long. */
  taken?(waitedMs: number): void;
  /** A key was put back for another attempt after a failure. */
  retried?(): void;
}

export interface KeyedQueueOptions<Key extends string = string> {
  readonly clock: Clock;
  /** The waits of `addAfterFailure`. */
  readonly backoff: Backoff;
  readonly observer?: QueueObserver;
  /** False for a key that is another replica's: it is not added. All keys are admitted when absent. */
  readonly admits?: (key: Key) => boolean;
}

/** While other keys wait, one key in so many is an idle one: it comes late, and not never. */
const IDLE_SHARE = 16;

/**
 * A work queue of keys. A key waits once however often it is added, is handed to one worker at a time, and when added while
 * it is being worked on waits again as soon as that ends. First in, first out; delayed keys join when they are due.
 *
 * A delayed key that is added again keeps the earliest of its times; adding it without delay takes it out of the delay, since
 * the reconcile that follows decides again when to be called.
 *
 * Idle keys wait behind all others: looks that no event asked for, of which there may be very many at once.
 */
export class KeyedQueue<Key extends string = string> {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #observer: QueueObserver;
  readonly #admits: (key: Key) => boolean;
  /** Keys ready to be taken, in order, with the monotonic time they became ready. */
  readonly #ready = new Map<Key, number>();
  /** The same of the idle keys. */
  readonly #idle = new Map<Key, number>();
  readonly #delayed = new DueHeap<Key>();
  /** Delayed keys that are idle when they are due; none of them is in `#delayed`. */
  readonly #delayedIdle = new DueHeap<Key>();
  readonly #processing = new Set<Key>();
  /** With whether each is idle. */
  readonly #addedWhileProcessing = new Map<Key, boolean>();
  /** Keys handed out since an idle one was. */
  #sinceIdle = 0;
  readonly #failures = new Map<Key, number>();
  readonly #takers: ((key: Key | undefined) => void)[] = [];
  #alarm: { readonly dueMs: number; readonly controller: AbortController } | undefined;
  #closed = false;
  #onRemoved: (key: Key) => void = () => undefined;

  constructor(options: KeyedQueueOptions<Key>) {
    this.#clock = options.clock;
    this.#backoff = options.backoff;
    this.#observer = options.observer ?? {};
    this.#admits = options.admits ?? (() => true);
  }

  /** Keys that are ready and not taken. */
  get depth(): number {
    return this.#ready.size + this.#idle.size + this.#addedWhileProcessing.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size + this.#delayedIdle.size;
  }

  get processing(): number {
    return this.#processing.size;
  }

  /** True when the key is being worked on. */
  isProcessing(key: Key): boolean {
    return this.#processing.has(key);
  }

  /** False for a key that is another replica's by now. */
  isAdmitted(key: Key): boolean {
    return this.#admits(key);
  }

  /** True when the key waits, now or later, or is being worked on. */
  has(key: Key): boolean {
    return this.#ready.has(key) || this.#idle.has(key) || this.#isDelayed(key) || this.#processing.has(key);
  }

  add(key: Key): void {
    if (this.#closed || !this.#admits(key)) return;
    this.#delayed.delete(key);
    this.#delayedIdle.delete(key);
    if (this.#processing.has(key)) {
      this.#addWhileProcessing(key, false);
      return;
    }
    if (this.#ready.has(key)) return;
    const idleSinceMs = this.#idle.get(key);
    this.#idle.delete(key);
    this.#ready.set(key, idleSinceMs ?? this.#clock.monotonicMs());
    if (idleSinceMs === undefined) this.#observer.added?.();
    this.#handOut();
  }

  /** Adds the key behind all others. One that waits already keeps its place, and one that is due at some time keeps that too. */
  addIdle(key: Key): void {
    if (this.#closed || !this.#admits(key) || this.#ready.has(key) || this.#idle.has(key)) return;
    this.#delayedIdle.delete(key);
    if (this.#processing.has(key)) {
      this.#addWhileProcessing(key, true);
      return;
    }
    this.#idle.set(key, this.#clock.monotonicMs());
    this.#observer.added?.();
    this.#handOut();
  }

  /** Adds the key `delayMs` from now; the earliest of several times wins, and a key that waits without delay stays where it is. */
  addAfter(key: Key, delayMs: number): void {
    if (this.#closed || !this.#admits(key)) return;
    if (this.#ready.has(key) || this.#addedWhileProcessing.get(key) === false) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const idleDueMs = this.#delayedIdle.dueMs(key) ?? Infinity;
    this.#delayedIdle.delete(key);
    this.#delay(this.#delayed, key, Math.min(idleDueMs, this.#clock.monotonicMs() + delayMs));
  }

  /** Like `addAfter`, but behind all others when its time has come. */
  addIdleAfter(key: Key, delayMs: number): void {
    if (this.#closed || !this.#admits(key)) return;
    if (this.#ready.has(key) || this.#idle.has(key) || this.#addedWhileProcessing.has(key)) return;
    if (delayMs <= 0) {
      this.addIdle(key);
      return;
    }
    const isIdle = !this.#delayed.has(key);
    this.#delay(isIdle ? this.#delayedIdle : this.#delayed, key, this.#clock.monotonicMs() + delayMs);
  }

  /** Takes the key out of all waiting and forgets its failures. Work on it that is under way goes on. */
  remove(key: Key): void {
    const isExpected = !this.#processing.has(key);
    this.#ready.delete(key);
    this.#idle.delete(key);
    this.#delayed.delete(key);
    this.#delayedIdle.delete(key);
    this.#addedWhileProcessing.delete(key);
    this.#failures.delete(key);
    if (isExpected) this.#onRemoved(key);
  }

  /** Removes every waiting key for which this holds. */
  removeAll(isConcerned: (key: Key) => boolean): void {
    const groups = [
      this.#ready,
      this.#idle,
      this.#addedWhileProcessing,
      this.#delayed,
      this.#delayedIdle,
      this.#failures,
    ];
    for (const keys of groups.map((each) => [...each.keys()])) {
      for (const key of keys) if (isConcerned(key)) this.remove(key);
    }
  }

  /** True when a key for which this holds was handed out, and the work on it has not ended. */
  isProcessingAny(isConcerned: (key: Key) => boolean): boolean {
    for (const key of this.#processing) if (isConcerned(key)) return true;
    return false;
  }

  /** True when a key for which this holds waits or is being worked on. */
  some(isConcerned: (key: Key) => boolean): boolean {
    for (const keys of [this.#processing, this.#ready, this.#idle, this.#delayed, this.#delayedIdle])
      for (const key of keys.keys()) if (isConcerned(key)) return true;
    return false;
  }

  /** Registers a listener for each removed key that is not being worked on: it will not be taken any more. */
  onRemoved(listener: (key: Key) => void): void {
    this.#onRemoved = listener;
  }

  /** Adds the key after the back-off that its failures in a row ask for. @returns the wait in milliseconds */
  addAfterFailure(key: Key): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    const delayMs = this.#backoff.delayMs(failures);
    if (!this.#admits(key)) return delayMs;
    this.#failures.set(key, failures);
    this.addAfter(key, delayMs);
    this.#observer.retried?.();
    return delayMs;
  }

  /** Forgets the key's failures: its next one starts the back-off again. */
  forget(key: Key): void {
    this.#failures.delete(key);
  }

  /** The key's failures in a row. */
  failures(key: Key): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Waits for a key and takes it; `done` must follow. @returns undefined once the queue is closed */
  take(): Promise<Key | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Key | undefined>();
    this.#takers.push(resolve);
    this.#handOut();
    return promise;
  }

  /** Ends the work on a taken key. @returns whether the key waits again (ready or delayed) */
  done(key: Key): boolean {
    this.#processing.delete(key);
    const isIdle = this.#addedWhileProcessing.get(key);
    if (isIdle === undefined) return this.#isDelayed(key);
    this.#addedWhileProcessing.delete(key);
    (isIdle ? this.#idle : this.#ready).set(key, this.#clock.monotonicMs());
    this.#handOut();
    return true;
  }

  /** Takes no more keys and hands out none: what waits is dropped, and found again from what is written in the cluster. */
  close(): void {
    this.#closed = true;
    this.#alarm?.controller.abort();
    this.#ready.clear();
    this.#idle.clear();
    this.#addedWhileProcessing.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const next = this.#takeNext();
      if (next === undefined) return;
      const { key, readySinceMs } = next;
      this.#processing.add(key);
      this.#observer.taken?.(this.#clock.monotonicMs() - readySinceMs);
      this.#takers.shift()?.(key);
    }
  }

  #takeNext(): { readonly key: Key; readonly readySinceMs: number } | undefined {
    const isIdleTurn = this.#ready.size === 0 || (this.#idle.size > 0 && this.#sinceIdle >= IDLE_SHARE - 1);
    const from = isIdleTurn ? this.#idle : this.#ready;
    const first = from.entries().next();
    if (first.done === true) return undefined;
    const [key, readySinceMs] = first.value;
    from.delete(key);
    this.#sinceIdle = isIdleTurn ? 0 : this.#sinceIdle + 1;
    return { key, readySinceMs };
  }

  #addWhileProcessing(key: Key, isIdle: boolean): void {
    const wasIdle = this.#addedWhileProcessing.get(key);
    this.#addedWhileProcessing.set(key, isIdle && wasIdle !== false);
    if (wasIdle === undefined) this.#observer.added?.();
  }

  #isDelayed(key: Key): boolean {
    return this.#delayed.has(key) || this.#delayedIdle.has(key);
  }

  #delay(delayed: DueHeap<Key>, key: Key, dueMs: number): void {
    if (delayed.set(key, dueMs)) this.#setAlarm();
  }

  /** One timer for all delayed keys, set to the earliest of them. */
  #setAlarm(): void {
    const dueMs = Math.min(this.#delayed.earliestMs ?? Infinity, this.#delayedIdle.earliestMs ?? Infinity);
    if (dueMs === Infinity || this.#closed) return;
    if (this.#alarm !== undefined && this.#alarm.dueMs <= dueMs) return;
    this.#alarm?.controller.abort();
    const controller = new AbortController();
    this.#alarm = { dueMs, controller };
    this.#clock.sleep(dueMs - this.#clock.monotonicMs(), controller.signal).then(
      () => {
        this.#alarm = undefined;
        this.#releaseDue();
      },
      () => undefined, // an earlier alarm or the close of the queue replaced this one
    );
  }

  #releaseDue(): void {
    const nowMs = this.#clock.monotonicMs();
    for (let key = this.#delayed.takeDue(nowMs); key !== undefined; key = this.#delayed.takeDue(nowMs)) this.add(key);
    for (let key = this.#delayedIdle.takeDue(nowMs); key !== undefined; key = this.#delayedIdle.takeDue(nowMs)) {
      this.addIdle(key);
    }
    this.#setAlarm();
  }
}
