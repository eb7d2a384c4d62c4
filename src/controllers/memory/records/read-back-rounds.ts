// SPDX-License-Identifier: Apache-2.0
import type { BackendFact } from '../../../records/status/record-facts.ts';
import type { RecordKey } from '../../../records/record-key.ts';

interface Round {
  /** The content of each backend when it was read back, by `kind/name`. */
  readonly read: Map<string, string>;
  /** True when a backend could not be asked. */
  isIncomplete: boolean;
}

/**
 * Read-backs of records with several backends, some of which have no room for a record now. A backend that was read back is not read again
 * when the record is woken for another, unless its content has changed.
 */
export class ReadBackRounds {
  readonly #rounds = new Map<RecordKey, Round>();
  /** The number of incomplete rounds in a row. */
  readonly #failures = new Map<RecordKey, number>();

  /** True when the backend was read back in this round, and the record still reports the same of it. */
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

  /** Ends the record's round. @returns the number of incomplete rounds in a row; 0 when every backend could be asked */
  end(key: RecordKey): number {
    const isIncomplete = this.#rounds.get(key)?.isIncomplete === true;
    this.#rounds.delete(key);
    const failures = isIncomplete ? (this.#failures.get(key) ?? 0) + 1 : 0;
    if (failures > 0) this.#failures.set(key, failures);
    else this.#failures.delete(key);
    return failures;
  }

  /** Forgets a record that is gone. */
  forget(key: RecordKey): void {
    this.#rounds.delete(key);
    this.#failures.delete(key);
  }
}

function nameOf({ backendRef }: BackendFact): string {
  return `${backendRef.kind}/${backendRef.name}`;
}

function contentOf({ state, storedTime, locations, verification }: BackendFact): string {
  return JSON.stringify([state, storedTime, locations.map(({ uri }) => uri), verification?.state]);
}
