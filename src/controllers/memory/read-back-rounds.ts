// SPDX-License-Identifier: Apache-2.0
import type { BackendFact } from '../../records/record-facts.ts';
import type { RecordKey } from '../../records/record-key.ts';

interface Round {
  /** What each backend held when it was read back, by `kind/name`. */
  readonly read: Map<string, string>;
  /** True when a backend could not be asked. */
  isIncomplete: boolean;
}

/**
 * Read-backs of records with several backends, where some have no room for a record now. A backend that was read back is not read again
 * when the record is woken for another, unless what it holds has changed.
 */
export class ReadBackRounds {
  readonly #rounds = new Map<RecordKey, Round>();

  /** True when the backend was read back in this round, and the record still says of it what it said then. */
  isRead(key: RecordKey, fact: BackendFact): boolean {
    return this.#rounds.get(key)?.read.get(nameOf(fact)) === contentOf(fact);
  }

  /** @param fact as it is written down after it was read back, or could not be */
  note(key: RecordKey, fact: BackendFact, { isUnread }: { readonly isUnread: boolean }): void {
    const round = this.#rounds.get(key) ?? { read: new Map(), isIncomplete: false };
    this.#rounds.set(key, round);
    round.read.set(nameOf(fact), contentOf(fact));
    if (isUnread) round.isIncomplete = true;
  }

  /** Ends the record's round. @returns whether every backend could be asked */
  end(key: RecordKey): boolean {
    const round = this.#rounds.get(key);
    this.#rounds.delete(key);
    return round?.isIncomplete !== true;
  }
}

function nameOf({ backendRef }: BackendFact): string {
  return `${backendRef.kind}/${backendRef.name}`;
}

function contentOf({ state, storedTime, locations, verification }: BackendFact): string {
  return JSON.stringify([state, storedTime, locations.map(({ uri }) => uri), verification?.state]);
}
