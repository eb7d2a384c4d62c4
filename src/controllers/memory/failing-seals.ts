// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { ForgedRecord, TrustedRecord } from '../../records/read-record.ts';
import { recordKey, type RecordKey } from '../../records/record-key.ts';

/** What may be done with a record whose seal fails. */
export type Verdict = 'Remove' | 'Wait' | 'Hold';

/** So many failing seals of one namespace, or of all, are a forger's; more of them have one cause, which is not the records. */
const HANDFUL = 5;
/** What one namespace adds to those of all. */
const FROM_ONE_NAMESPACE = 3;
/** A list that shows many of them is read so far by then. */
const SETTLE_MS = 2000;
/** In `replaces` of the seal's Secret: records of versions that named no key. */
const UNNAMED = 'unnamed';

interface Failing {
  readonly namespace: string;
  readonly sinceMs: number;
  readonly sealedBy: string | undefined;
  /** True when it counts among those that may have one cause. */
  readonly isOpen: boolean;
}

export interface FailingSealsOptions {
  readonly clock: Clock;
  /** Keys that are lost for good: their records are removed and made anew. */
  readonly replaced?: ReadonlySet<string>;
  /** Called with each new reason to leave records alone, and with undefined when there is none any more. */
  readonly onHold?: (message: string | undefined) => void;
}

/**
 * The records whose seal fails. A few are forged and removed. Many at once are none of a forger's: the key is another one, or a CRD of
 * another version prunes what was sealed. Then nothing is removed. A record of another operator's key never is.
 */
export class FailingSeals {
  readonly #options: FailingSealsOptions;
  readonly #failing = new Map<RecordKey, Failing>();
  readonly #unexplained = new Map<string, number>();
  readonly #others = new Map<string, number>();
  #unfaithful: string | undefined;
  #isTold = false;

  constructor(options: FailingSealsOptions) {
    this.#options = options;
  }

  /** Why records are left alone, for people; undefined when none is. */
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

  /** How many records are left alone. */
  get heldCount(): number {
    let count = 0;
    for (const key of this.#failing.keys()) if (this.holds(key)) count += 1;
    return count;
  }

  /** The API server stored something else than was sent: from now on, no failing seal is a forger's. */
  storedOtherwise(key: RecordKey): void {
    this.#unfaithful ??= `the API server stored ProvenanceRecord ${key} otherwise than it was sent: no record is deleted. Install the CRDs of this version, or take away the webhook that changes records, and restart the operator`;
    this.#tell();
  }

  /** Takes note of a record that was read. */
  note(record: TrustedRecord | ForgedRecord): void {
    const key = recordKey(record.isTrusted ? record.object.metadata : record);
    const known = this.#failing.get(key);
    if (record.isTrusted) {
      if (known !== undefined) this.forget(key);
      return;
    }
    const { namespace, sealedBy } = record;
    if (known?.sealedBy === sealedBy && known !== undefined) return;
    this.#drop(key);
    this.#failing.set(key, { namespace, sealedBy, sinceMs: this.#options.clock.monotonicMs(), isOpen: true });
    this.#count(key, 1);
    this.#tell();
  }

  /** Forgets a record that is gone. */
  forget(key: RecordKey): void {
    if (!this.#failing.has(key)) return;
    this.#drop(key);
    this.#tell();
  }

  /** What may be done with a record that failed, which is noted by that. */
  verdict(record: ForgedRecord): Verdict {
    this.note(record);
    const key = recordKey(record);
    if (this.holds(key)) return 'Hold';
    if (this.#isReplaced(record.sealedBy)) return 'Remove';
    const failing = this.#failing.get(key);
    if (failing === undefined) return 'Wait';
    if (this.#options.clock.monotonicMs() - failing.sinceMs < SETTLE_MS) return 'Wait';
    // One that was alone is judged: those that come later are counted anew.
    this.#drop(key);
    this.#failing.set(key, { ...failing, isOpen: false });
    return 'Remove';
  }

  /** True when a record is known to be left alone. */
  holds(key: RecordKey): boolean {
    const failing = this.#failing.get(key);
    if (failing === undefined || this.#isReplaced(failing.sealedBy)) return false;
    return failing.sealedBy !== undefined || this.#isHeldIn(failing.namespace) || this.#unfaithful !== undefined;
  }

  /** One namespace alone, whose users may forge as many as they like, does not keep those of others from being mended. */
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

  /** Tells of the first record and not of each: how many there are shows in a metric. */
  #tell(): void {
    const namespaces = [...this.#unexplained.keys()];
    const isHeld = namespaces.some((namespace) => this.#isHeldIn(namespace));
    const isToTell = isHeld || this.#others.size > 0 || this.#unfaithful !== undefined;
    if (isToTell === this.#isTold) return;
    this.#isTold = isToTell;
    this.#options.onHold?.(this.problem);
  }
}
