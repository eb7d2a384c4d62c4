// SPDX-License-Identifier: Apache-2.0
import type { ManagedIdentityApplication } from '@azure/msal-node';
import { CredentialError } from '../credential-error.ts';
import { silentLogger } from './silent-logger.ts';
import type { TokenCredential } from './token-credential.ts';

/**
 * The managed identity of the operator's node. Its tokens come past the outbound rules, which refuse metadata servers: only cluster
 * kinds, which the platform team writes, have it. The library keeps them.
 */
export function managedIdentity({ clientID }: { readonly clientID?: string | undefined }): TokenCredential {
  let application: Promise<ManagedIdentityApplication> | undefined;
  return {
    getToken: async (scopes) => {
      application ??= load(clientID);
      const resource = [scopes].flat().join(' ');
      const result = await (await application).acquireToken({ resource }).catch(() => null);
      if (!result?.accessToken || result.expiresOn === null) throw noCredentials();
      return { token: result.accessToken, expiresOnTimestamp: result.expiresOn.getTime() };
    },
  };
}

async function load(clientID: string | undefined): Promise<ManagedIdentityApplication> {
  const library = await import('@azure/msal-node');
  return new library.ManagedIdentityApplication({
    ...(clientID === undefined ? {} : { managedIdentityIdParams: { userAssignedClientId: clientID } }),
    system: { disableInternalRetries: true, loggerOptions: silentLogger },
  });
}

function noCredentials(): CredentialError {
  const message =
    "the operator has no Azure credentials: bind its ServiceAccount by workload identity, or name a Secret or ServiceAccount of the object's own";
  return new CredentialError('Unavailable', message);
}
