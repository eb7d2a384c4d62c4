// SPDX-License-Identifier: Apache-2.0
import { tryParseJson } from './try-parse-json.ts';

/** More values than the largest answer that is wanted holds, and what all of them take stays below some 100 MB. */
const MAX_VALUES = 1_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SEPARATORS: ReadonlySet<number> = new Set([0x2c, 0x5b, 0x7b]);

/**
 * The JSON value in an answer; undefined when it is none, or one of so many values that it would take many times its size in memory:
 * `[[],[],…` does.
 */
export function boundedJson(body: Buffer, maxValues: number = MAX_VALUES): unknown {
  return hasMoreValues(body, maxValues) ? undefined : tryParseJson(body);
}

/** True when JSON text holds more than so many values. */
export function hasMoreValues(json: Buffer, limit: number): boolean {
  return valuesIn(json, limit) > limit;
}

/** Counted in the text: each value but the first has a comma or a bracket before it. Stops past the limit. */
function valuesIn(json: Buffer, limit: number): number {
  let values = 1;
  let inString = false;
  for (let index = 0; index < json.length && values <= limit; index += 1) {
    const byte = json[index] ?? 0;
    if (byte === QUOTE) inString = !inString;
    else if (inString) index += byte === BACKSLASH ? 1 : 0;
    else if (SEPARATORS.has(byte)) values += 1;
  }
  return values;
}
