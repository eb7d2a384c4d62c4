// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';

/** A key of a vault. */
export interface AzureKeyName {
  /** `https://VAULT-HOST`. */
  readonly vault: URL;
  readonly name: string;
  /** Absent: the current one. */
  readonly version?: string;
}

const URI = /^azurekms:\/\/([A-Za-z0-9.-]{1,253}(?::\d{1,5})?)\/([A-Za-z0-9-]{1,127})(?:\/([0-9a-fA-F]{32}))?$/;

/** @throws SigningError `KeyNotFound` for a URI that names no key */
export function azureKeyName(uri: string): AzureKeyName {
  const [, host, name, version] = URI.exec(uri) ?? [];
  const vault = host === undefined ? null : URL.parse(`https://${host}`);
  if (vault === null || name === undefined) {
    const message = `key ${uri} is not a key name: write azurekms://VAULT-HOST/KEY, with /VERSION (32 hexadecimal digits) for one version of it`;
    throw new SigningError('KeyNotFound', message);
  }
  return version === undefined ? { vault, name } : { vault, name, version };
}

/** The clouds besides the public one: where the directory of a vault's domain is (learn.microsoft.com, "National clouds"). */
const authorities: Readonly<Record<string, string>> = {
  'vault.azure.cn': 'https://login.chinacloudapi.cn',
  'managedhsm.azure.cn': 'https://login.chinacloudapi.cn',
  'vault.usgovcloudapi.net': 'https://login.microsoftonline.us',
  'managedhsm.usgovcloudapi.net': 'https://login.microsoftonline.us',
};

/** The authority of tokens for a vault; undefined: the default. */
export function authorityOfVault({ hostname }: URL): string | undefined {
  const domain = hostname.slice(hostname.indexOf('.') + 1);
  return Object.hasOwn(authorities, domain) ? authorities[domain] : undefined;
}
