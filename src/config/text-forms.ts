// SPDX-License-Identifier: Apache-2.0

/**
 * The forms of hosts and URLs in the configuration. The chart's schema has them too, so they are written for Go's regular expressions as
 * well as for those of ECMAScript.
 */
export interface TextForm {
  readonly pattern: string;
  /** Completes `must be …`. */
  readonly described: string;
}

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const address4 = String.raw`${octet}(?:\.${octet}){3}`;
const address6 = '[0-9A-Fa-f]*:[0-9A-Fa-f:.]*';
const range4 = String.raw`${address4}/(?:3[0-2]|[12]?\d)`;
const range6 = String.raw`${address6}(?:/(?:12[0-8]|1[01]\d|[1-9]?\d))?`;
const name = String.raw`[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?\.?`;
const port = String.raw`(?::(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3}))?`;
const host = String.raw`(?:${name}|\[${address6}\])`;

/** An entry of the rules for outgoing connections. */
export const hostOrRange: TextForm = {
  pattern: `^(?:${host}${port}|${range4}|${range6})$`,
  described: 'host, host:port, address, address:port or address/prefix',
};

/** A host that may receive tokens. */
export const hostOrWildcard: TextForm = {
  pattern: String.raw`^(?:\*\.)?${host}${port}$`,
  described: 'host or host:port, without a scheme and a path; *.example.com for every host below it',
};

/** A target that is reached without the proxy. */
export const directTarget: TextForm = {
  pattern: String.raw`^(?:(?:\*\.)?${host}${port}|${range4}|${range6})$`,
  described: 'host, host:port, *.example.com, address or address/prefix',
};

/** The URL of a service. */
export const serviceURL: TextForm = {
  pattern: String.raw`^https?://[^\s/?#@]+(?:/[^\s?#]*)?$`,
  described: 'an http or https URL without credentials, query and fragment',
};

/** The URL of the proxy, or nothing. Credentials have a place of their own. */
export const proxyURL: TextForm = {
  pattern: `^(?:https?://${host}${port}/?)?$`,
  described: 'http://host:port or https://host:port, without credentials and a path',
};

const forms = new Map(
  [hostOrRange, hostOrWildcard, directTarget, serviceURL, proxyURL].map(({ pattern, described }) => [
    pattern,
    described,
  ]),
);

/** The words for a form of this file, by its pattern. */
export function describedForm(pattern: string): string | undefined {
  return forms.get(pattern);
}
