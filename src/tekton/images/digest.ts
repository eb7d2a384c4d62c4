// SPDX-License-Identifier: Apache-2.0
import { goTrim } from '../go/go-text.ts';

export interface Digest {
  readonly algorithm: string;
  readonly hex: string;
}

/** Hexadecimal digits of each known algorithm. */
export const hexLengths: ReadonlyMap<string, number> = new Map([
  ['sha1', 40],
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/** Parse `<algorithm>:<lower-case hex>`; undefined when it is malformed or of an unknown algorithm. */
export function parseDigest(text: string): Digest | undefined {
  const [algorithmText, hexText, ...rest] = text.split(':');
  if (algorithmText === undefined || hexText === undefined || rest.length > 0) return undefined;
  const algorithm = goTrim(algorithmText).toLowerCase();
  const hex = goTrim(hexText);
  const isValid = hex.length === hexLengths.get(algorithm) && /^[0-9a-f]+$/.test(hex);
  return isValid ? { algorithm, hex } : undefined;
}
