// SPDX-License-Identifier: Apache-2.0
import type { TokenCredential } from '@azure/identity';
import { CredentialError } from '../identity.ts';

export interface OperatorCredentialOptions {
  readonly tenantID?: string | undefined;
  readonly clientID?: string | undefined;
  readonly authorityHost?: string | undefined;
}

/**
 * The operator's own identity: workload identity of its pod, or the managed identity of its node. Its tokens come past the outbound
 * rules, which refuse metadata servers: only cluster kinds, which the platform team writes, have it.
 */
export function operatorCredential({ tenantID, clientID, authorityHost }: OperatorCredentialOptions): TokenCredential {
  let credential: Promise<TokenCredential> | undefined;
  const load = async (): Promise<TokenCredential> => {
    const { DefaultAzureCredential } = await import('@azure/identity');
    return new DefaultAzureCredential({
      ...(tenantID === undefined ? {} : { tenantId: tenantID }),
      ...(clientID === undefined ? {} : { workloadIdentityClientId: clientID, managedIdentityClientId: clientID }),
      ...(authorityHost === undefined ? {} : { authorityHost }),
    });
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
