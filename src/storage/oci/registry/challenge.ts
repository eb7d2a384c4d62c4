// SPDX-License-Identifier: Apache-2.0

/** A registry's demand for authentication (RFC 9110 §11.6.1, distribution token authentication). */
export type Challenge =
  { readonly scheme: 'Basic' } | { readonly scheme: 'Bearer'; readonly realm: string; readonly service?: string };

const SCHEME = /(?:^|,)\s*(basic|bearer)(?=\s|,|$)/gi;
const PARAMETER = /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

/** Parse the challenge of a WWW-Authenticate header. Prefer Bearer if both are offered; undefined for any other scheme. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  // No registry sends a longer challenge, and parsing one costs time.
  if (header === undefined || header.length > 2048) return undefined;
  const starts = [...header.matchAll(SCHEME)];
  const challenges = starts.map((start, index) =>
    challengeOf(start[1]?.toLowerCase() ?? '', header.slice(start.index + start[0].length, starts[index + 1]?.index)),
  );
  return (
    challenges.find((challenge) => challenge?.scheme === 'Bearer') ??
    challenges.find((challenge) => challenge !== undefined)
  );
}

function challengeOf(scheme: string, text: string): Challenge | undefined {
  if (scheme === 'basic') return { scheme: 'Basic' };
  const parameters = new Map(
    [...text.matchAll(PARAMETER)].map(([, name = '', quoted, token]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, '$1') ?? token ?? '',
    ]),
  );
  const realm = parameters.get('realm');
  const service = parameters.get('service');
  if (realm === undefined || realm === '') return undefined;
  return { scheme: 'Bearer', realm, ...(service === undefined ? {} : { service }) };
}
