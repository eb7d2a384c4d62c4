// SPDX-License-Identifier: Apache-2.0

/**
 * True if a host may receive the access token that a ServiceAccount's token was exchanged for. It acts for the account for an hour: it goes to
 * Google, or to the host that the administrator lets the token itself go to, and not wherever a team's object says.
 * @param hostname without a port
 */
export function isTokenRecipient(hostname: string, stsEndpoint: string | undefined): boolean {
  const host = hostname.toLowerCase();
  return /\.googleapis\.com$/.test(host) || URL.parse(stsEndpoint ?? '')?.hostname === host;
}
