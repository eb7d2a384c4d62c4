// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../src/json/fields.ts';
import type { Defaults } from './kind-page.ts';

/**
 * What an effective spec has that the spec it was made from has not: the defaults, by path. They come from the code that fills
 * them in, so that no page can promise others.
 */
export function flatDefaults(effective: unknown, given: unknown, path = '.spec'): Defaults {
  if (!isObject(effective)) return new Map();
  const source = isObject(given) ? given : {};
  return new Map(
    Object.entries(effective).flatMap(([name, value]) => {
      const at = `${path}.${name}`;
      if (isObject(value)) return [...flatDefaults(value, source[name], at)];
      return name in source || isEmptyList(value) ? [] : [[at, inWords(value)] as const];
    }),
  );
}

/** An absent list is an empty one; that needs no words. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function inWords(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
