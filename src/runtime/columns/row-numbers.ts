// SPDX-License-Identifier: Apache-2.0

/** The numbers of a table's rows, from 0 on. Those of removed rows are given again, so that the table's columns stay as short as it is. */
export class RowNumbers {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#next += 1;
    return this.#next - 1;
  }

  giveBack(row: number): void {
    this.#free.push(row);
  }
}
