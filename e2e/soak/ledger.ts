// SPDX-License-Identifier: Apache-2.0
/** One run that finished, and one policy that selects it: exactly one record is owed. */
export interface Obligation {
  readonly namespace: string;
  readonly run: string;
  readonly uid: string;
  readonly policy: string;
  /** Hexadecimal digest of the image, without its algorithm. */
  readonly imageDigest: string;
  /** The policy retires the record once it is stored. */
  readonly mayRetire: boolean;
}

/** The facts that the ledger notes of one version of a record. */
export interface SeenRecord {
  readonly uid: string;
  readonly runUID: string;
  readonly policy: string;
  /** The signature of the attestation, in base64. */
  readonly signature: string | undefined;
  readonly isReady: boolean;
  readonly isVerified: boolean;
  /** Reason and message of its Ready condition. */
  readonly why: string;
}

interface Entry {
  readonly obligation: Obligation;
  /** UIDs of every record that was ever seen for it. */
  readonly records: Set<string>;
  /** Every signature of its attestation that was ever seen in a record. */
  readonly signatures: Set<string>;
  isThere: boolean;
  isReady: boolean;
  isVerified: boolean;
  why: string;
}

/** The sums of a soak. */
export interface LedgerTotals {
  readonly owed: number;
  readonly recorded: number;
  readonly signed: number;
  readonly stored: number;
  readonly retired: number;
  readonly lost: number;
  readonly double: number;
}

const NEVER_SEEN = 'no record was ever seen';

/** Holds what is owed against what is seen. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  /** Records that came before their obligation was entered. */
  readonly #early = new Map<string, SeenRecord[]>();

  /** Enters a run that finished, before or after its record is seen. */
  owe(obligation: Obligation): void {
    const key = keyOf(obligation.uid, obligation.policy);
    this.#entries.set(key, {
      obligation,
      records: new Set(),
      signatures: new Set(),
      isThere: false,
      isReady: false,
      isVerified: false,
      why: NEVER_SEEN,
    });
    for (const record of this.#early.get(key) ?? []) this.seen(record);
    this.#early.delete(key);
  }

  /** Notes one version of a record. */
  seen(record: SeenRecord): void {
    const key = keyOf(record.runUID, record.policy);
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#early.set(key, [...(this.#early.get(key) ?? []), record]);
      return;
    }
    entry.records.add(record.uid);
    if (record.signature !== undefined) entry.signatures.add(record.signature);
    entry.isThere = true;
    entry.isReady = record.isReady;
    entry.isVerified = record.isVerified;
    entry.why = record.why;
  }

  /** Notes that a record is gone. Earlier sightings of it stay. */
  gone({ runUID, policy }: Pick<SeenRecord, 'runUID' | 'policy'>): void {
    const entry = this.#entries.get(keyOf(runUID, policy));
    if (entry !== undefined) entry.isThere = false;
  }

  /** Runs of these that are stored and verified: they may be deleted. */
  isDone(uid: string, policies: readonly string[]): boolean {
    return policies.every((policy) => {
      const entry = this.#entries.get(keyOf(uid, policy));
      return entry?.isReady === true && entry.isVerified;
    });
  }

  get obligations(): readonly Obligation[] {
    return [...this.#entries.values()].map(({ obligation }) => obligation);
  }

  /** The only signature that was seen of an obligation. */
  signatureOf({ uid, policy }: Obligation): string | undefined {
    return [...(this.#entries.get(keyOf(uid, policy))?.signatures ?? [])][0];
  }

  totals(): LedgerTotals {
    const entries = [...this.#entries.values()];
    const count = (isSo: (entry: Entry) => boolean): number => entries.filter(isSo).length;
    return {
      owed: entries.length,
      recorded: count(({ records }) => records.size > 0),
      signed: count(({ signatures }) => signatures.size > 0),
      stored: count(({ isReady, isVerified }) => isReady && isVerified),
      retired: count(({ isThere, records }) => !isThere && records.size > 0),
      lost: count(isLost),
      double: count(({ records, signatures }) => records.size > 1 || signatures.size > 1),
    };
  }

  /** One line for each obligation that is not met, and for each that was met twice. */
  differences(): readonly string[] {
    return [...this.#entries.values()].flatMap((entry) => {
      const { obligation, records, signatures, isReady, isVerified, why } = entry;
      const title = `${obligation.namespace}/${obligation.run} by ${obligation.policy}`;
      if (isLost(entry)) return [`${title}: lost, ${records.size === 0 ? why : 'its record is gone'}`];
      if (records.size > 1 || signatures.size > 1)
        return [`${title}: ${records.size} records and ${signatures.size} signatures`];
      return isReady && isVerified ? [] : [`${title}: not stored and verified, ${why}`];
    });
  }
}

/** A record that is gone is lost unless its policy retires what is stored. */
function isLost({ obligation, isThere, isReady }: Entry): boolean {
  return !isThere && !(obligation.mayRetire && isReady);
}

function keyOf(uid: string, policy: string): string {
  return `${uid}/${policy}`;
}
