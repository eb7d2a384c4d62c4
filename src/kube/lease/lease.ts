// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { KubeClient } from '../kube-client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube-error.ts';
import { claimedLease, type LeaseObject, releasedLease } from './lease-object.ts';
import { LEASES, type LeaseRecord } from './lease-record.ts';

/** Observes a lease. Must not throw. */
export interface LeaseObserver {
  acquired?(): void;
  /** Not held any more: it ran out, was taken over, or was released. */
  lost?(): void;
  /** An attempt to acquire or renew failed; the next one follows. */
  failed?(error: unknown): void;
}

export interface LeaseOptions {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'replace'>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Our identity, unique to this process. */
  readonly identity: string;
  /** After which others may take over, 15 s when absent. */
  readonly leaseDurationSeconds?: number;
  /** After which the holder itself stops believing, 10 s when absent; less than the duration. */
  readonly renewDeadlineSeconds?: number;
  /** Between attempts to acquire or renew, 2 s when absent. */
  readonly retryPeriodSeconds?: number;
  readonly observer?: LeaseObserver;
  readonly random?: () => number;
}

/** The lease as we saw it change last, by our own clock: others' clocks are never compared with ours. */
interface Observation {
  readonly record: LeaseRecord;
  readonly changedAtMs: number;
}

const RELEASE_TIMEOUT_MS = 5_000;

/**
 * Holds a Lease, or waits to. A holder that cannot renew stops believing `renewDeadlineSeconds` after it began its last good
 * renewal. Other replicas take over `leaseDurationSeconds` after they saw that renewal, which is later.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #durationSeconds: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  readonly #stopped = new AbortController();
  #observation: Observation | undefined;
  /** Until when we hold it, by the monotonic clock. */
  #heldUntilMs = -Infinity;
  #announced = false;
  #running: Promise<void> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#durationSeconds = options.leaseDurationSeconds ?? 15;
    this.#renewDeadlineMs = (options.renewDeadlineSeconds ?? 10) * 1000;
    this.#retryMs = (options.retryPeriodSeconds ?? 2) * 1000;
    if (this.#renewDeadlineMs >= this.#durationSeconds * 1000 || this.#retryMs >= this.#renewDeadlineMs) {
      throw new RangeError('a lease needs retryPeriodSeconds < renewDeadlineSeconds < leaseDurationSeconds');
    }
  }

  /** True while we may act. Checked before each external write. */
  held(): boolean {
    return this.#options.clock.monotonicMs() < this.#heldUntilMs;
  }

  /** The last known holder of the lease. */
  get holder(): string {
    return this.#observation?.record.holder ?? '';
  }

  start(): void {
    if (this.#running !== undefined) throw new Error(`the lease ${this.#options.name} was started twice`);
    this.#running = this.#run(this.#stopped.signal);
  }

  /** Stops renewing and gives the lease up, so that another replica need not wait for it to run out. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the lease is being released'));
    await this.#running;
    const mine = this.held() ? this.#observation?.record : undefined;
    this.#heldUntilMs = -Infinity;
    this.#announce();
    if (mine !== undefined) await this.#release(mine);
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    while (!stop.aborted) {
      await this.#attempt(stop);
      this.#announce();
      // Candidates spread their attempts; a holder must also notice in time that its own deadline passed.
      const pauseMs = this.held()
        ? Math.min(this.#retryMs, this.#heldUntilMs - clock.monotonicMs())
        : this.#retryMs * (1 + 0.2 * random());
      await clock.sleep(pauseMs, stop).catch(() => undefined); // stopped: the loop ends
      this.#announce();
    }
  }

  async #attempt(stop: AbortSignal): Promise<void> {
    const { client, namespace, name, observer, clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const timeoutMs = Math.max(1, this.held() ? this.#heldUntilMs - beganMs : this.#renewDeadlineMs);
    const call = { signal: stop, timeoutMs };
    try {
      const mine = this.held() ? this.#observation?.record : undefined;
      const current = mine ?? (await client.find(LEASES, { namespace, name }, call));
      if (current === undefined) {
        this.#hold(await client.create(LEASES, this.#claimed(undefined), call), beganMs);
        return;
      }
      if (mine === undefined) this.#observe(current);
      if (mine === undefined && !this.#mayTake(current)) return;
      this.#hold(await client.replace(LEASES, this.#claimed(current), call), beganMs);
    } catch (error) {
      if (stop.aborted) return;
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) await this.#lookAgain(call);
      else observer?.failed?.(error);
    }
  }

  /** Another client wrote or deleted the lease: if it holds the lease now, we do not. */
  async #lookAgain(call: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<void> {
    const { client, namespace, name, identity, observer } = this.#options;
    try {
      const current = await client.find(LEASES, { namespace, name }, call);
      if (current?.holder !== identity) this.#heldUntilMs = -Infinity;
      if (current !== undefined) this.#observe(current);
    } catch (error) {
      if (!call.signal.aborted) observer?.failed?.(error);
    }
  }

  #mayTake(record: LeaseRecord): boolean {
    if (record.holder === '' || record.holder === this.#options.identity) return true;
    const seenMs = this.#options.clock.monotonicMs() - (this.#observation?.changedAtMs ?? Infinity);
    return seenMs >= record.leaseDurationSeconds * 1000;
  }

  #observe(record: LeaseRecord): void {
    const previous = this.#observation?.record;
    const unchanged = previous?.holder === record.holder && previous.renewTime === record.renewTime;
    const changedAtMs = unchanged ? this.#observation?.changedAtMs : undefined;
    this.#observation = { record, changedAtMs: changedAtMs ?? this.#options.clock.monotonicMs() };
  }

  #hold(record: LeaseRecord, beganMs: number): void {
    this.#observe(record);
    this.#heldUntilMs = beganMs + this.#renewDeadlineMs;
  }

  #announce(): void {
    const held = this.held();
    if (held === this.#announced) return;
    this.#announced = held;
    if (held) this.#options.observer?.acquired?.();
    else this.#options.observer?.lost?.();
  }

  async #release(mine: LeaseRecord): Promise<void> {
    const { client, namespace, name, identity, observer } = this.#options;
    const call = { signal: new AbortController().signal, timeoutMs: RELEASE_TIMEOUT_MS };
    try {
      try {
        await client.replace(LEASES, this.#released(mine), call);
      } catch (error) {
        if (!isConflict(error)) throw error;
        // A renewal that the stop interrupted may have arrived all the same.
        const current = await client.find(LEASES, { namespace, name }, call);
        if (current?.holder === identity) await client.replace(LEASES, this.#released(current), call);
      }
    } catch (error) {
      observer?.failed?.(error); // it runs out by itself
    }
  }

  #claimed(current: LeaseRecord | undefined): LeaseObject {
    const { clock, identity, namespace, name } = this.#options;
    const claim = { identity, leaseDurationSeconds: this.#durationSeconds, now: clock.now() };
    return claimedLease({ namespace, name }, current, claim);
  }

  #released(mine: LeaseRecord): LeaseObject {
    const { clock, namespace, name } = this.#options;
    return releasedLease({ namespace, name }, mine, clock.now());
  }
}
