// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.ts';
import { outlasts } from '../deadline.ts';
import { EventLoopTurn } from '../event-loop-turn.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import type { Outcome } from './outcome.ts';
import { WaitingError } from './waiting-error.ts';

/** The end of one reconcile. */
export interface ReconcileResult<Key extends string = string> {
  readonly controller: string;
  readonly key: Key;
  readonly kind: 'Succeeded' | 'Waiting' | 'Failed';
  readonly durationMs: number;
  /** The error thrown, unless it succeeded. */
  readonly error?: unknown;
  /** The delay until the key is reconciled again on its own, if at all. */
  readonly retryAfterMs?: number;
  /** Failures in a row, this one included. */
  readonly failures: number;
  /** True when the key waits again (for a retry, for room, or added meanwhile): objects kept for it are still needed. */
  readonly waitsAgain: boolean;
}

interface Active {
  /** In monotonic milliseconds. */
  readonly beganMs: number;
  readonly abort: AbortController;
}

type Verdict = Pick<ReconcileResult, 'kind' | 'error' | 'retryAfterMs'> & Pick<Outcome, 'isDeferred' | 'waitsForTurn'>;

export interface ControllerOptions<Key extends string = string> {
  readonly name: string;
  /** Reconciles at once; never two of one key. */
  readonly concurrency: number;
  /** Drives the world to what the key's objects ask for. Idempotent; never sleeps. Its signal aborts when the grace period of a stop ends. */
  readonly reconcile: (key: Key, signal: AbortSignal) => Promise<Outcome>;
  readonly queue: KeyedQueue<Key>;
  readonly clock: Clock;
  /** Called with every result, for logs and metrics; must not throw. */
  readonly onResult?: (result: ReconcileResult<Key>) => void;
}

/**
 * Takes keys off its queue and reconciles them. A reconcile that throws `WaitingError` is retried after its time, one that throws
 * anything else backs off. Between two reconciles of one key the event loop gets a turn: keys that requeue each other at once
 * must not starve timers, sockets and signals.
 */
export class Controller<Key extends string = string> {
  readonly name: string;
  readonly #options: ControllerOptions<Key>;
  /** Keys being reconciled. */
  readonly #active = new Map<Key, Active>();
  /** Called when a reconcile ends. */
  readonly #onEnd = new Set<() => void>();
  readonly #turn = new EventLoopTurn();
  #workers: Promise<void>[] = [];

  constructor(options: ControllerOptions<Key>) {
    this.name = options.name;
    this.#options = options;
  }

  get queue(): KeyedQueue<Key> {
    return this.#options.queue;
  }

  get active(): number {
    return this.#active.size;
  }

  /** Duration of the longest running reconcile in milliseconds; 0 when none runs. */
  get longestRunningMs(): number {
    const first = this.#active.values().next();
    return first.done === true ? 0 : this.#options.clock.monotonicMs() - first.value.beganMs;
  }

  start(): void {
    if (this.#workers.length > 0) throw new Error(`controller ${this.name} was started twice`);
    this.#workers = Array.from({ length: this.#options.concurrency }, () => this.#work());
  }

  /**
   * Takes no more keys and waits for the reconciles under way; those that outlast the grace period have their signal aborted.
   * @returns the keys whose reconcile was cut short
   */
  async stop(graceSeconds: number): Promise<readonly string[]> {
    this.queue.close();
    const cutShort = await this.outlasting(graceSeconds);
    this.abort(() => true, `controller ${this.name} is stopped`);
    return cutShort;
  }

  /** Aborts the reconciles under way of the keys for which this holds. */
  abort(isConcerned: (key: Key) => boolean, why: string): void {
    for (const [key, { abort }] of this.#active) if (isConcerned(key)) abort.abort(new Error(why));
  }

  /** Resolves once `isOver` returns true, which is asked now and after each reconcile. */
  async until(isOver: () => boolean): Promise<void> {
    if (isOver()) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const look = (): void => {
      if (!isOver()) return;
      this.#onEnd.delete(look);
      resolve(undefined);
    };
    this.#onEnd.add(look);
    await promise;
  }

  /**
   * Waits for the reconciles under way, so that none goes on once another replica may begin.
   * @returns the keys whose reconcile has not ended when the time is over
   */
  async outlasting(seconds: number): Promise<readonly string[]> {
    const isOver = await outlasts(Promise.all(this.#workers), seconds * 1000, this.#options.clock);
    return isOver ? [...this.#active.keys()] : [];
  }

  async #work(): Promise<void> {
    for (let key = await this.queue.take(); key !== undefined; key = await this.queue.take())
      await this.#reconcile(key);
  }

  async #reconcile(key: Key): Promise<void> {
    const { clock, onResult } = this.#options;
    const beganMs = clock.monotonicMs();
    const abort = new AbortController();
    this.#active.set(key, { beganMs, abort });
    if (!this.#turn.admits(key)) await this.#turn.next(key);
    const verdict = await this.#attempt(key, abort.signal);
    this.#active.delete(key);
    const { isDeferred = false, waitsForTurn = false, ...rest } = verdict;
    const waitsAgain = this.queue.done(key) || isDeferred || waitsForTurn;
    const durationMs = clock.monotonicMs() - beganMs;
    onResult?.({ controller: this.name, key, durationMs, waitsAgain, failures: this.queue.failures(key), ...rest });
    for (const look of this.#onEnd) look();
  }

  async #attempt(key: Key, signal: AbortSignal): Promise<Verdict> {
    // Refused since it was handed out.
    if (!this.queue.isAdmitted(key)) return { kind: 'Succeeded' };
    try {
      const outcome = await this.#options.reconcile(key, signal);
      if (outcome.isDeferred === true) return { kind: 'Succeeded', isDeferred: true };
      this.queue.forget(key);
      const { requeueAfterSeconds, isIdle = false, waitsForTurn } = outcome;
      const verdict = { kind: 'Succeeded', ...(waitsForTurn === undefined ? {} : { waitsForTurn }) } as const;
      if (requeueAfterSeconds === undefined) return verdict;
      return { ...verdict, retryAfterMs: this.#again(key, requeueAfterSeconds, isIdle) };
    } catch (error) {
      if (error instanceof WaitingError) {
        this.queue.forget(key);
        return { kind: 'Waiting', error, retryAfterMs: this.#again(key, error.retryAfterSeconds) };
      }
      return { kind: 'Failed', error, retryAfterMs: this.queue.addAfterFailure(key) };
    }
  }

  #again(key: Key, seconds: number, isIdle = false): number {
    const delayMs = Math.max(0, seconds * 1000);
    if (isIdle) this.queue.addIdleAfter(key, delayMs);
    else this.queue.addAfter(key, delayMs);
    return delayMs;
  }
}

/** A controller of any keys, for what starts, stops and measures it. */
export type AnyController = Pick<
  Controller,
  'name' | 'active' | 'longestRunningMs' | 'start' | 'stop' | 'outlasting'
> & { readonly queue: Pick<KeyedQueue, 'close' | 'depth' | 'delayed' | 'has'> };
