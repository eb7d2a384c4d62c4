// SPDX-License-Identifier: Apache-2.0

/**
 * Whether a host may be shown what a ServiceAccount's token was exchanged for. That acts for the account for an hour: it goes to
 * Google, or to the host that the administrator lets the token itself go to, and not wherever a team's object says.
 * @param hostname without a port
 */
export function isTokenRecipient(hostname: string, stsEndpoint: string | undefined): boolean {
  const host = hostname.toLowerCase();
  return /\.googleapis\.com$/.test(host) || URL.parse(stsEndpoint ?? '')?.hostname === host;
}
