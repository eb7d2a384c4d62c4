// SPDX-License-Identifier: Apache-2.0

/**
 * True if an issuer matches a pattern, as Fulcio reads it: a star is one or more letters, digits, hyphens and underscores. Not by a
 * regular expression, because the pattern is untrusted.
 */
export function isIssuerMatch(pattern: string, issuer: string): boolean {
  let ends = new Set([0]);
  for (const sign of pattern) {
    const next = [...ends].flatMap((at) => (sign === '*' ? runEnds(issuer, at) : literalEnds(issuer, at, sign)));
    ends = new Set(next);
  }
  return ends.has(issuer.length);
}

function literalEnds(text: string, at: number, sign: string): number[] {
  return text.startsWith(sign, at) ? [at + sign.length] : [];
}

/** Every end of a run of label characters that begins here. */
function runEnds(text: string, from: number): number[] {
  const ends: number[] = [];
  for (let at = from; /[-_a-zA-Z0-9]/.test(text.charAt(at)); at += 1) ends.push(at + 1);
  return ends;
}
