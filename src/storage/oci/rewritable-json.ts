// SPDX-License-Identifier: Apache-2.0

/**
 * The JSON of a document that is written again with something added; undefined for what is none, or is nested deeper than can be
 * written.
 */
export function rewritableJson(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    // Unlike the parser, the writer calls itself for each level.
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}
