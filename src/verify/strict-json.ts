// SPDX-License-Identifier: Apache-2.0
import type { VerificationCode } from './verification-problem.ts';
import { VerificationFailure } from './verification-failure.ts';

/**
 * A value from JSON that reads in one way only: whole UTF-8 without a mark before it, and no field given twice. Of two fields of one name
 * one reader takes the first and another the last, so that what the one verifies the other never sees. @throws VerificationFailure
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

/** @param text is JSON: what is not part of a string are its brackets, and a string before a colon names a field. */
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

/** The place after the quote that ends a string. */
function endOfString(text: string, begin: number): number {
  const quotes = /["\\]/g;
  quotes.lastIndex = begin + 1;
  for (let mark = quotes.exec(text); mark !== null; mark = quotes.exec(text)) {
    if (mark[0] === '"') return quotes.lastIndex;
    quotes.lastIndex += 1;
  }
  return text.length;
}

/** @param quoted may be escaped: the same name can be written in many ways. */
function addField(fields: Set<string> | undefined, quoted: string): void {
  const name = String(JSON.parse(quoted));
  if (fields?.has(name) === true) throw new RepeatedField(`the field ${quoted} twice`);
  fields?.add(name);
}
