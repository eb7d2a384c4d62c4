// SPDX-License-Identifier: Apache-2.0

/** JSON text whose large numbers are marks, and what the marks stand for. */
export interface MarkedNumbers {
  readonly text: string;
  /** False when no number is an integer beyond 2^53, and the text may be parsed as it is. */
  readonly holdsBigInteger: boolean;
  /** The number that a parsed one stands for; itself when it is no mark. */
  valueOf(parsed: number): number | bigint;
}

/** Marks are every second integer from here, all of them exact. Numbers without a mark are below 2^53, and so below every mark. */
const FIRST_MARK = 1e16;
const MARK_STEP = 2;

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;
const INTEGER = /^-?[0-9]+$/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

/**
 * Puts another number, the mark, for each one outside of strings that is beyond 2^53. A number stands where a number stood, so the text
 * is JSON exactly if it was before.
 */
export function markNumbers(text: string): MarkedNumbers {
  const values: (number | bigint)[] = [];
  const pieces: string[] = [];
  let copied = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) index = endOfString(text, index);
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, index);
      const value = end - index > 2 ? markedValue(text.slice(index, end)) : undefined;
      if (value !== undefined) {
        pieces.push(text.slice(copied, index), String(FIRST_MARK + MARK_STEP * values.length));
        values.push(value);
        copied = end;
      }
      index = end - 1;
    }
  }
  return {
    text: pieces.join('') + text.slice(copied),
    holdsBigInteger: values.some((value) => typeof value === 'bigint'),
    valueOf: (parsed) => (parsed < FIRST_MARK ? parsed : (values[(parsed - FIRST_MARK) / MARK_STEP] ?? parsed)),
  };
}

/** The value of a number that gets a mark. One that is no number in JSON keeps its place, for the parser to refuse. */
function markedValue(source: string): number | bigint | undefined {
  const value = Number(source);
  if (!(Math.abs(value) > Number.MAX_SAFE_INTEGER) || !NUMBER.test(source)) return undefined;
  return INTEGER.test(source) ? BigInt(source) : value;
}

/** The index of the closing quote, or of the end where there is none. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) break;
    if (code === BACKSLASH) index += 1;
  }
  return index;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && isNumberPart(text.charCodeAt(end))) end += 1;
  return end;
}

function isNumberPart(code: number): boolean {
  return isDigit(code) || code === DOT || code === LOWER_E || code === UPPER_E || code === PLUS || code === MINUS;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
