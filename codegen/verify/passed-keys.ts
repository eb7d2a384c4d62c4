// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Several checkouts with some hundred versions of what they hold. */
const mostKeys = 100_000;

/** The folder that remembers what passed: of this checkout, or one that `npm run check` shares between the checkouts of a user. */
export function gateCache(root: string): string {
  const { HALLMARK_GATE_CACHE: shared = '' } = process.env;
  return shared === '' ? join(root, 'node_modules', '.cache', 'hallmark') : shared;
}

/** Keys of what passed a check, in a file. A key is a hash of everything that the result depends on, so it never goes out of date. */
export class PassedKeys {
  readonly #path: string;
  readonly #keys: Set<string>;

  constructor(path: string) {
    this.#path = path;
    this.#keys = new Set(read(path));
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Adds keys and writes them, with those that others wrote meanwhile; the oldest are forgotten. */
  add(keys: Iterable<string>): void {
    const all = new Set([...read(this.#path), ...this.#keys]);
    for (const key of keys) {
      // A key that passed again counts as new.
      all.delete(key);
      all.add(key);
      this.#keys.add(key);
    }
    mkdirSync(dirname(this.#path), { recursive: true });
    const draft = `${this.#path}.${process.pid}.new`;
    writeFileSync(draft, [...all].slice(-mostKeys).join('\n'));
    renameSync(draft, this.#path);
  }
}

function read(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    // Nothing passed yet.
    return [];
  }
}
