// SPDX-License-Identifier: Apache-2.0

/** Far more than a statement has, and far less than what exhausts the stack. */
const MAX_DEPTH = 200;

/** True for JSON whose lists and objects nest so little that it can be walked by recursion. */
export function isShallow(json: Uint8Array): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (isText && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) isText = !isText;
    else if (isText) continue;
    else if (byte === BRACKET || byte === BRACE) depth += 1;
    else if (byte === BRACKET_END || byte === BRACE_END) depth -= 1;
    if (depth > MAX_DEPTH) return false;
  }
  return true;
}

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = Buffer.from('"\\[]{}');
