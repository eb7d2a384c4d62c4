// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../../runtime/clock.ts';
import type { ForgedRecord, TrustedRecord } from '../../../records/read-record.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';

/** The action allowed on a record whose seal fails. */
export type Verdict = 'Remove' | 'Wait' | 'Hold';

/** Up to this many failing seals in one namespace, or in all, count as forged; more of them have a common cause outside the records. */
const HANDFUL = 5;
/** The most that one namespace adds to the count over all namespaces. */
const FROM_ONE_NAMESPACE = 3;
/** A list with many failing records is read this far within this time. */
const SETTLE_MS = 2000;
/** Stands in `replaces` of the seal's Secret for the key of versions that recorded no key id. */
const UNNAMED = 'unnamed';

interface Failing {
  readonly namespace: string;
  readonly sinceMs: number;
  readonly sealedBy: string | undefined;
  /** True when it counts among those that may have a common cause. */
  readonly isOpen: boolean;
}

export interface FailingSealsOptions {
  readonly clock: Clock;
  /** The namespaces that have records. */
  readonly namespaces: () => readonly string[];
  /** Ids of lost keys: records that they sealed are removed and created again. */
  readonly replaced?: ReadonlySet<string>;
  /** Called with each new reason to leave records alone, and with undefined once the last one has passed. */
  readonly onHold?: (message: string | undefined) => void;
}

/**
 * The records whose seal fails. A few are forged and removed. Many at once have another cause: the key changed, or a CRD of another version
 * prunes sealed fields. Then nothing is removed. A record sealed with another operator's key is never removed.
 */
export class FailingSeals {
  readonly #options: FailingSealsOptions;
  readonly #failing = new Map<RecordKey, Failing>();
  readonly #unexplained = new Map<string, number>();
  readonly #others = new Map<string, number>();
  #unfaithful: string | undefined;
  #isReported = false;

  constructor(options: FailingSealsOptions) {
    this.#options = options;
  }

  /** The reason why records are left alone, as a message for people; undefined when none is. */
  get problem(): string | undefined {
    if (this.#unfaithful !== undefined) return this.#unfaithful;
    const others = [...this.#others.keys()].sort();
    if (others.length > 0) {
      const count = [...this.#others.values()].reduce((sum, each) => sum + each, 0);
      return `${count} records are sealed with a key that is not this operator's (key id ${others.join(', ')}): they and their runs are left alone. Let only one operator work in a namespace, or restore Secret hallmark-seal`;
    }
    const full = [...this.#unexplained.keys()].filter((namespace) => this.#isHeldIn(namespace));
    if (full.length === 0) return undefined;
    const count = [...this.#unexplained.values()].reduce((sum, each) => sum + each, 0);
    return `the seals of ${count} records do not verify, in ${full.length} namespaces (${full.slice(0, 3).join(', ')}): nothing of them is deleted or signed again. Restore Secret hallmark-seal, or the CRDs of this version, and restart the operator`;
  }

  /**
   * The problem, where it is not that of a few namespaces: only then is the operator not ready. Otherwise a client that may write records in
   * one namespace could hold up roll-outs and drains of nodes for everybody.
   */
  get commonProblem(): string | undefined {
    if (this.#unfaithful !== undefined) return this.#unfaithful;
    const held = new Set<string>();
    for (const [key, { namespace }] of this.#failing) if (!held.has(namespace) && this.holds(key)) held.add(namespace);
    return held.size * 2 > this.#options.namespaces().length ? this.problem : undefined;
  }

  /** The number of records that are left alone, in the namespaces for which `isCounted` returns true. */
  heldCount(isCounted: (namespace: string) => boolean): number {
    let count = 0;
    for (const [key, { namespace }] of this.#failing) if (isCounted(namespace) && this.holds(key)) count += 1;
    return count;
  }

  /** Notes that the API server stored something else than was sent: from now on, no failing seal counts as forged. */
  storedOtherwise(key: RecordKey): void {
    this.#unfaithful ??= `the API server stored ProvenanceRecord ${key} differently from what was sent: no record is deleted. Install the CRDs of this version, or take away the webhook that changes records, and restart the operator`;
    this.#report();
  }

  /** Notes a record that was read. */
  note(record: TrustedRecord | ForgedRecord): void {
    const key = recordKey(record.isTrusted ? record.object.metadata : record);
    const before = this.#failing.get(key);
    if (record.isTrusted) {
      if (before !== undefined) this.forget(key);
      return;
    }
    const { namespace, sealedBy } = record;
    if (before?.sealedBy === sealedBy && before !== undefined) return;
    this.#drop(key);
    this.#failing.set(key, { namespace, sealedBy, sinceMs: this.#options.clock.monotonicMs(), isOpen: true });
    this.#count(key, 1);
    this.#report();
  }

  /** Forgets a record that is gone. */
  forget(key: RecordKey): void {
    if (!this.#failing.has(key)) return;
    this.#drop(key);
    this.#report();
  }

  /** Decides what may be done with a failing record, and notes it. */
  verdict(record: ForgedRecord): Verdict {
    this.note(record);
    const key = recordKey(record);
    if (this.holds(key)) return 'Hold';
    if (this.#isReplaced(record.sealedBy)) return 'Remove';
    const failing = this.#failing.get(key);
    if (failing === undefined) return 'Wait';
    if (this.#options.clock.monotonicMs() - failing.sinceMs < SETTLE_MS) return 'Wait';
    // A record that failed alone is judged; later ones are counted anew.
    this.#drop(key);
    this.#failing.set(key, { ...failing, isOpen: false });
    return 'Remove';
  }

  /** True when a record is to be left alone. */
  holds(key: RecordKey): boolean {
    const failing = this.#failing.get(key);
    if (failing === undefined || this.#isReplaced(failing.sealedBy)) return false;
    return failing.sealedBy !== undefined || this.#isHeldIn(failing.namespace) || this.#unfaithful !== undefined;
  }

  /** Many forgeries in one namespace must not keep forged records in others from being removed. */
  #isHeldIn(namespace: string): boolean {
    if ((this.#unexplained.get(namespace) ?? 0) > HANDFUL) return true;
    let spread = 0;
    for (const count of this.#unexplained.values()) {
      spread += Math.min(count, FROM_ONE_NAMESPACE);
      if (spread > HANDFUL) return this.#unexplained.has(namespace);
    }
    return false;
  }

  #isReplaced(sealedBy: string | undefined): boolean {
    return this.#options.replaced?.has(sealedBy ?? UNNAMED) === true;
  }

  #drop(key: RecordKey): void {
    this.#count(key, -1);
    this.#failing.delete(key);
  }

  #count(key: RecordKey, change: number): void {
    const failing = this.#failing.get(key);
    if (failing?.isOpen !== true || this.#isReplaced(failing.sealedBy)) return;
    const { namespace, sealedBy } = failing;
    const [counts, name] = sealedBy === undefined ? [this.#unexplained, namespace] : [this.#others, sealedBy];
    const count = (counts.get(name) ?? 0) + change;
    if (count > 0) counts.set(name, count);
    else counts.delete(name);
  }

  /** Reports the first such record and not each: a metric counts them. */
  #report(): void {
    const namespaces = [...this.#unexplained.keys()];
    const isHeld = namespaces.some((namespace) => this.#isHeldIn(namespace));
    const isToReport = isHeld || this.#others.size > 0 || this.#unfaithful !== undefined;
    if (isToReport === this.#isReported) return;
    this.#isReported = isToReport;
    this.#options.onHold?.(this.problem);
  }
}
