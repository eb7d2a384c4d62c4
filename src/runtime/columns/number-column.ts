// SPDX-License-Identifier: Apache-2.0

/** Reads and writes the notation of a number. */
export interface Notation {
  /** NaN for a text of another form. */
  readonly read: (text: string) => number;
  readonly write: (value: number) => string;
}

/** `4711` */
export const DECIMAL: Notation = { read: Number, write: String };

/** `2026-01-01T00:00:00Z` */
export const SECONDS_IN_UTC: Notation = {
  read: Date.parse,
  write: (milliseconds) => new Date(milliseconds).toISOString().replace('.000Z', 'Z'),
};

/** Texts of numbered rows that are numbers, in eight bytes each. A text that would not be written the same again is kept as it is. */
export class NumberColumn {
  readonly #notation: Notation;
  readonly #numbers: number[] = [];
  readonly #others = new Map<number, string>();

  constructor(notation: Notation) {
    this.#notation = notation;
  }

  /** The text of a row that was set. */
  get(row: number): string {
    return this.#others.get(row) ?? this.#notation.write(this.#numbers[row] ?? 0);
  }

  set(row: number, text: string): void {
    const number = this.#notation.read(text);
    const isExact = Number.isFinite(number) && this.#notation.write(number) === text;
    this.#numbers[row] = isExact ? number : 0;
    if (isExact) this.#others.delete(row);
    else this.#others.set(row, text);
  }

  /** Forgets a text that takes more than its eight bytes. */
  delete(row: number): void {
    this.#others.delete(row);
  }
}
