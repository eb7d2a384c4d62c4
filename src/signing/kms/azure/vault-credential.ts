// SPDX-License-Identifier: Apache-2.0
import type { TokenCredential } from '../../../credentials/azure/token-credential.ts';
import { SigningError } from '../../signing-error.ts';

/**
 * A credential that gives tokens for one vault alone: a vault's challenge names the resource that tokens are to be for, and a vault
 * that lies could ask for one that serves elsewhere. The resource must be the vault's own host or the domain that it is in, as
 * vault.azure.net is for every NAME.vault.azure.net. The client library's own check knows no vault outside such a domain; this takes
 * its place.
 */
export function vaultCredential(credential: TokenCredential, vault: URL, uri: string): TokenCredential {
  return {
    getToken: (scopes, options) => {
      for (const scope of [scopes].flat()) {
        if (isResourceOf(vault, scope)) continue;
        const message = `key ${uri}: the vault asks for a token that is not for ${vault.hostname}, and gets none`;
        return Promise.reject(new SigningError('SignerUnauthorized', message));
      }
      return credential.getToken(scopes, options);
    },
  };
}

/** @param scope `https://RESOURCE-HOST/.default` */
export function isResourceOf(vault: URL, scope: string): boolean {
  const [, host] = /^https:\/\/([A-Za-z0-9.-]+)(?::\d{1,5})?\/\.default$/.exec(scope) ?? [];
  if (host === undefined) return false;
  const resource = host.toLowerCase();
  if (resource === vault.hostname) return true;
  // A domain of one label would be everybody's.
  return resource.includes('.') && /[a-z]$/.test(resource) && vault.hostname.endsWith(`.${resource}`);
}
