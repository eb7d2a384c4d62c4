// SPDX-License-Identifier: Apache-2.0

/** A URL as messages may show it: without user information, query and fragment, which can carry tokens. */
export function displayUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
