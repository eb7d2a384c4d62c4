// SPDX-License-Identifier: Apache-2.0
import { isObject } from './fields.ts';
import { markNumbers, type MarkedNumbers } from './marked-numbers.ts';

/**
 * Matches wherever a number of so many digits begins. Few strings match: digests hold digits in the middle of words, or after a colon that no
 * quotation mark ends a name before, as in `sha256:`.
 */
const LONG_NUMBER = /(?:^|["\s]:|[[,\s])-?[0-9]{16}/;

/**
 * Parses JSON without losing integers beyond 2^53: they become bigint. The time grows with the length of the text, and is mostly two to four
 * times that of JSON.parse where there is such an integer. A reviver would do as well, and takes up to sixty times as long.
 *
 * @throws SyntaxError when the text is no JSON
 */
export function parsePreciseJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const marked = markNumbers(text);
  if (!marked.holdsBigInteger) return JSON.parse(text);
  return restored(parsed(marked.text, text), marked);
}

/** Marks leave the grammar as it is, and so what is no JSON fails with the message for the text itself. */
function parsed(marked: string, original: string): unknown {
  try {
    return JSON.parse(marked);
  } catch {
    return JSON.parse(original);
  }
}

/** Without recursion, as the nesting of a text has no bound. */
function restored(value: unknown, numbers: MarkedNumbers): unknown {
  const root = [value];
  const open: unknown[] = [root];
  const restoredChild = (child: unknown): unknown => {
    if (typeof child === 'number') return numbers.valueOf(child);
    if (typeof child === 'object' && child !== null) open.push(child);
    return child;
  };
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) restoreList(next, restoredChild);
    else if (isObject(next)) restoreFields(next, restoredChild);
  }
  return root[0];
}

function restoreList(list: unknown[], restoredChild: (child: unknown) => unknown): void {
  for (let index = 0; index < list.length; index += 1) {
    const child = list[index];
    const value = restoredChild(child);
    if (value !== child) list[index] = value;
  }
}

/** Each field is one of the object's own, `__proto__` too: JSON.parse made it. */
function restoreFields(object: Record<string, unknown>, restoredChild: (child: unknown) => unknown): void {
  for (const name of Object.keys(object)) {
    const child = object[name];
    const value = restoredChild(child);
    if (value !== child) object[name] = value;
  }
}
