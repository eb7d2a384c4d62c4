// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../src/json/fields.ts';
import type { Defaults } from './kind-page.ts';

/**
 * List the defaults by path: the fields of an effective spec that its source spec lacks. They come from the code that
 * fills them in, so the pages cannot state others.
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

/** An absent list equals an empty one and needs no entry. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function inWords(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
