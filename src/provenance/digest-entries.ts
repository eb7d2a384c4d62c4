// SPDX-License-Identifier: Apache-2.0
/** A name with digests: a subject, or a material whose name is its URI. */
export interface DigestEntry {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

/**
 * A list that merges an entry into an earlier one with the same name and one digest in common, new values overwriting.
 * Entries of equal name whose digests all differ stay separate.
 */
export class DigestEntries {
  readonly #entries: { name: string; digest: Record<string, string> }[] = [];
  readonly #byNameAndDigest = new Map<string, number>();

  add({ name, digest }: DigestEntry): void {
    const pairs = Object.entries(digest).map((pair) => JSON.stringify([name, ...pair]));
    const index = pairs.reduce(
      (first, pair) => Math.min(first, this.#byNameAndDigest.get(pair) ?? first),
      this.#entries.length,
    );
    const merged = { ...this.#entries[index]?.digest, ...digest };
    this.#forget(index, digest);
    this.#entries[index] = { name, digest: merged };
    for (const pair of pairs) this.#byNameAndDigest.set(pair, index);
  }

  addAll(entries: Iterable<DigestEntry>): void {
    for (const entry of entries) this.add(entry);
  }

  get entries(): readonly DigestEntry[] {
    return this.#entries;
  }

  /** Values that `digest` overwrites no longer lead to the entry. */
  #forget(index: number, digest: Readonly<Record<string, string>>): void {
    const entry = this.#entries[index];
    if (entry === undefined) return;
    for (const algorithm of Object.keys(digest)) {
      const pair = JSON.stringify([entry.name, algorithm, entry.digest[algorithm]]);
      if (this.#byNameAndDigest.get(pair) === index) this.#byNameAndDigest.delete(pair);
    }
  }
}
