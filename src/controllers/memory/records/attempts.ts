// SPDX-License-Identifier: Apache-2.0
import type { BackendName } from '../../../pipelines/backend-key.ts';
import { policyKey, type PolicyName } from '../../../pipelines/policy-key.ts';
import type { RecordKey } from '../../../records/record-key.ts';
import type { Backoff } from '../../../runtime/queue/backoff.ts';
import type { Clock } from '../../../runtime/clock.ts';

/** Work that is tried again after a back-off of its own. */
export type AttemptKey =
  | { readonly of: 'Store'; readonly record: RecordKey; readonly backend: Pick<BackendName, 'kind' | 'name'> }
  | { readonly of: 'Witness' | 'Annotate'; readonly record: RecordKey }
  /** Asking the witnesses of a policy, for any of its records. */
  | { readonly of: 'PolicyWitnesses'; readonly policy: PolicyName };

interface Attempt {
  readonly failures: number;
  readonly dueMs: number;
}

/** The failed attempts, and when each may be repeated. A restart forgets them, so that everything unfinished is tried once at once. */
export class Attempts {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** By record or policy, and by what is tried for it. */
  readonly #attempts = new Map<string, Map<string, Attempt>>();

  constructor(clock: Clock, backoff: Backoff) {
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** The number of records and policies that wait for another attempt. */
  get size(): number {
    return this.#attempts.size;
  }

  isDue(key: AttemptKey): boolean {
    return (this.#get(key)?.dueMs ?? -Infinity) <= this.#clock.monotonicMs();
  }

  /** Records a failure. A server that asks for a longer wait than the back-off gets it. @returns when the next attempt is due */
  failed(key: AttemptKey, retryAfterSeconds = 0): Date {
    const owner = ownerOf(key);
    const ofOwner = this.#attempts.get(owner) ?? new Map<string, Attempt>();
    const failures = (this.#get(key)?.failures ?? 0) + 1;
    const waitMs = Math.max(this.#backoff.delayMs(failures), retryAfterSeconds * 1000);
    ofOwner.set(partOf(key), { failures, dueMs: this.#clock.monotonicMs() + waitMs });
    this.#attempts.set(owner, ofOwner);
    return new Date(this.#clock.now().getTime() + waitMs);
  }

  /** Forgets the failures of an attempt that succeeded, or whose cause may be mended. */
  reset(key: AttemptKey): void {
    const owner = ownerOf(key);
    const ofOwner = this.#attempts.get(owner);
    ofOwner?.delete(partOf(key));
    if (ofOwner?.size === 0) this.#attempts.delete(owner);
  }

  /** Forgets all failures of a record, because it is gone or because what it waits for has changed. */
  forget(record: RecordKey): void {
    this.#attempts.delete(record);
  }

  /** Seconds until the first of these attempts is due; undefined when none of them has failed. */
  secondsUntilDue(keys: readonly AttemptKey[]): number | undefined {
    const dueMs = keys.flatMap((key) => this.#get(key)?.dueMs ?? []);
    if (dueMs.length === 0) return undefined;
    return Math.max(0, Math.min(...dueMs) - this.#clock.monotonicMs()) / 1000;
  }

  #get(key: AttemptKey): Attempt | undefined {
    return this.#attempts.get(ownerOf(key))?.get(partOf(key));
  }
}

function ownerOf(key: AttemptKey): string {
  return key.of === 'PolicyWitnesses' ? policyKey(key.policy) : key.record;
}

function partOf(key: AttemptKey): string {
  return key.of === 'Store' ? `${key.backend.kind}/${key.backend.name}` : key.of;
}
