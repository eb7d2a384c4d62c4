// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { KeySigner } from './key-signer.ts';
import { loadKeySigner } from './load-key-signer.ts';
import type { SecretEntries } from './key-secret.ts';

const ENTRIES = ['x509.pem', 'cosign.key', 'cosign.password'] as const;

/**
 * Private keys that were opened, so that decrypting one, which takes a good part of a second, is done once for each content of a
 * Secret. They are known by a digest of what they were opened from.
 */
export class OpenedKeys {
  readonly #signers = new Map<string, Promise<KeySigner>>();
  #used = new Set<string>();

  /** The signer of a Secret's entries. @throws SigningError `KeyNotFound` or `KeyInvalid` */
  open(entries: SecretEntries, secretName: string): Promise<KeySigner> {
    const id = contentID(entries, secretName);
    this.#used.add(id);
    const signer = this.#signers.get(id);
    if (signer !== undefined) return signer;
    const opened = loadKeySigner(entries, secretName);
    this.#signers.set(id, opened);
    return opened;
  }

  /** Forgets every key that was not asked for since this was called last. */
  forgetUnused(): void {
    for (const id of this.#signers.keys()) if (!this.#used.has(id)) this.#signers.delete(id);
    this.#used = new Set();
  }

  clear(): void {
    this.#signers.clear();
  }
}

function contentID(entries: SecretEntries, secretName: string): string {
  const hash = createHash('sha256').update(JSON.stringify(secretName));
  for (const name of ENTRIES) {
    const bytes = entries[name];
    hash.update(bytes === undefined ? '-' : `${bytes.length}:`).update(bytes ?? '');
  }
  return hash.digest('base64');
}
