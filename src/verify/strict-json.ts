// SPDX-License-Identifier: Apache-2.0
import type { VerificationCode } from './verification-problem.ts';
import { VerificationFailure } from './verification-failure.ts';

/**
 * Parses JSON that has only one reading: complete UTF-8 without a byte order mark, and no repeated field. With a repeated field, one
 * reader takes the first and another the last, so one would verify a value that the other never sees. @throws VerificationFailure
 */
export function strictJson(json: Buffer | string, what: string, code: VerificationCode = 'MaterialInvalid'): unknown {
  try {
    const text =
      typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
    const value: unknown = JSON.parse(text);
    requireUniqueFields(text);
    return value;
  } catch (error) {
    throw new VerificationFailure(
      code,
      error instanceof RepeatedField ? `${what} has ${error.message}` : `${what} is not JSON`,
      {
        cause: error,
      },
    );
  }
}

class RepeatedField extends Error {}

const [QUOTE, BACKSLASH, COLON, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x7b, 0x7d];
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** @param text is valid JSON, so every bracket outside a string is structure, and a string before a colon names a field. */
function requireUniqueFields(text: string): void {
  const opened: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const mark = text.charCodeAt(at);
    if (mark === OPEN) opened.push(new Set());
    else if (mark === CLOSE) opened.pop();
    else if (mark === QUOTE) {
      const end = endOfString(text, at);
      if (isBeforeColon(text, end)) addField(opened.at(-1), text.slice(at, end));
      at = end - 1;
    }
  }
}

/** Returns the index after the quote that ends a string. */
function endOfString(text: string, begin: number): number {
  let quote = text.indexOf('"', begin + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(text: string, index: number): boolean {
  let before = index;
  while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
  return (index - before) % 2 === 1;
}

function isBeforeColon(text: string, index: number): boolean {
  let next = index;
  while (BLANKS.has(text.charCodeAt(next))) next += 1;
  return text.charCodeAt(next) === COLON;
}

/** @param quoted can hold escapes, so one name has many spellings. */
function addField(fields: Set<string> | undefined, quoted: string): void {
  const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (fields?.has(name) === true) throw new RepeatedField(`the field ${quoted} twice`);
  fields?.add(name);
}
