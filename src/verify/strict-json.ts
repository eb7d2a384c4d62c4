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

/** @param text is valid JSON, so every bracket outside a string is structure, and a string before a colon names a field. */
function requireUniqueFields(text: string): void {
  const opened: Set<string>[] = [];
  const marks = /["{}]/g;
  const colon = /\s*:/y;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '{') opened.push(new Set());
    else if (mark[0] === '}') opened.pop();
    else {
      const end = endOfString(text, mark.index);
      marks.lastIndex = end;
      colon.lastIndex = end;
      if (colon.test(text)) addField(opened.at(-1), text.slice(mark.index, end));
    }
  }
}

/** Returns the index after the quote that ends a string. */
function endOfString(text: string, begin: number): number {
  const quotes = /["\\]/g;
  quotes.lastIndex = begin + 1;
  for (let mark = quotes.exec(text); mark !== null; mark = quotes.exec(text)) {
    if (mark[0] === '"') return quotes.lastIndex;
    quotes.lastIndex += 1;
  }
  return text.length;
}

/** @param quoted can hold escapes, so one name has many spellings. */
function addField(fields: Set<string> | undefined, quoted: string): void {
  const name = String(JSON.parse(quoted));
  if (fields?.has(name) === true) throw new RepeatedField(`the field ${quoted} twice`);
  fields?.add(name);
}
