// SPDX-License-Identifier: Apache-2.0

interface Uses<Part> {
  readonly part: Part;
  count: number;
}

/** Objects that are equal as JSON, kept once for all that use them, for as long as one does. */
export class SharedParts<Part extends object> {
  readonly #uses = new Map<string, Uses<Part>>();

  /** @returns the object to keep in place of this one, which equals it */
  take(part: Part): Part {
    const text = JSON.stringify(part);
    const uses = this.#uses.get(text) ?? { part, count: 0 };
    uses.count += 1;
    this.#uses.set(text, uses);
    return uses.part;
  }

  /** Ends one use. */
  giveBack(part: Part): void {
    const text = JSON.stringify(part);
    const uses = this.#uses.get(text);
    if (uses === undefined) return;
    uses.count -= 1;
    if (uses.count === 0) this.#uses.delete(text);
  }
}
