// SPDX-License-Identifier: Apache-2.0

/**
 * The host of a TokenRequest: `host` stands for HTTPS on its own port, everything else names its port. So what an administrator allowed
 * as a bare host never gets a token in plain text.
 */
export function tokenHost({ protocol, hostname, port }: URL): string {
  if (port !== '') return `${hostname}:${port}`;
  return protocol === 'https:' ? hostname : `${hostname}:80`;
}
