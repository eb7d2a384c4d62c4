// SPDX-License-Identifier: Apache-2.0

/** The value of a JSON text; undefined for any other text. The parser's error is dropped: it quotes the text, which can be secret. */
export function tryParseJson(text: string | Uint8Array): unknown {
  try {
    const json = typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    return JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
}
