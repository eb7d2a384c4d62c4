// SPDX-License-Identifier: Apache-2.0
import type { TokenCredential } from '@azure/identity';
import { CredentialError } from '../credential-error.ts';

/**
 * The managed identity of the operator's node. Its tokens come past the outbound rules, which refuse metadata servers: only cluster
 * kinds, which the platform team writes, have it.
 */
export function managedIdentity({ clientID }: { readonly clientID?: string | undefined }): TokenCredential {
  let credential: Promise<TokenCredential> | undefined;
  const load = async (): Promise<TokenCredential> => {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    const options = { retryOptions: { maxRetries: 0 } };
    return clientID === undefined
      ? new ManagedIdentityCredential(options)
      : new ManagedIdentityCredential({ ...options, clientId: clientID });
  };
  return {
    getToken: async (scopes, options) => {
      credential ??= load();
      const token = await (await credential).getToken(scopes, options).catch(() => null);
      if (token !== null) return token;
      const message =
        "the operator has no Azure credentials: bind its ServiceAccount by workload identity, or name a Secret or ServiceAccount of the object's own";
      throw new CredentialError('Unavailable', message);
    },
  };
}
