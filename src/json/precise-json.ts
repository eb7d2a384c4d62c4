// SPDX-License-Identifier: Apache-2.0
/** Matches wherever a number of so many digits begins. Few strings match: digests hold digits in the middle of words. */
const LONG_NUMBER = /(?:^|[:[,\s])-?[0-9]{16}/;

/**
 * Parses JSON without losing integers beyond 2^53: they become bigint.
 *
 * @throws SyntaxError when the text is no JSON; RangeError when it nests too deeply
 */
export function parsePreciseJson(text: string): unknown {
  // Most documents hold no such number, and a reviver costs several times the parsing.
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const parsed: unknown = JSON.parse(text, (...[, value, context]: readonly unknown[]) =>
    preciseNumber(value, context),
  );
  return parsed;
}

function preciseNumber(value: unknown, context: unknown): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = typeof context === 'object' && context !== null && 'source' in context ? context.source : undefined;
  return typeof source === 'string' && /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
}
