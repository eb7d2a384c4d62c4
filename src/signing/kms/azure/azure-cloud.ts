// SPDX-License-Identifier: Apache-2.0

/** The clouds besides the public one: where the directory of a vault's domain is (learn.microsoft.com, "National clouds"). */
const authorities: Readonly<Record<string, string>> = {
  'vault.azure.cn': 'https://login.chinacloudapi.cn',
  'managedhsm.azure.cn': 'https://login.chinacloudapi.cn',
  'vault.usgovcloudapi.net': 'https://login.microsoftonline.us',
  'managedhsm.usgovcloudapi.net': 'https://login.microsoftonline.us',
};

/** Where tokens for a vault are asked for; undefined: where they are by default. */
export function authorityOfVault({ hostname }: URL): string | undefined {
  const domain = hostname.slice(hostname.indexOf('.') + 1);
  return Object.hasOwn(authorities, domain) ? authorities[domain] : undefined;
}
