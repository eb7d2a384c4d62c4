// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** More keys than the policies of most clusters have. */
const MAX_KEYS = 256;

const keys = new LRUCache<string, KeyObject>({ max: MAX_KEYS });

/** The public key of a PEM text. Parsing one takes longer than a signature's check, and all evidence of a policy has the same. @throws Error */
export function publicKeyOf(pem: string): KeyObject {
  const known = keys.get(pem);
  if (known !== undefined) return known;
  const key = createPublicKey(pem);
  keys.set(pem, key);
  return key;
}
