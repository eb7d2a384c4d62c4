// SPDX-License-Identifier: Apache-2.0

/** Path and query of a request as its signature covers them: RFC 3986, names in order (Signature Version 4). */
export function awsPath(request: {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
}): string {
  const pairs = Object.entries(request.query ?? {})
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, value]) => {
      const values = typeof value === 'string' ? [value] : value;
      return values === null ? [escaped(name)] : values.map((item) => `${escaped(name)}=${escaped(item)}`);
    });
  return pairs.length === 0 ? request.path : `${request.path}?${pairs.join('&')}`;
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
