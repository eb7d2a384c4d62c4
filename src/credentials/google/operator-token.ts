// SPDX-License-Identifier: Apache-2.0
import { SecretValue } from '../../runtime/secret-value.ts';
import type { AccessTokenSource } from '../access-token.ts';
import { CredentialError } from '../credential-error.ts';

/**
 * The operator's own application default credentials: GOOGLE_APPLICATION_CREDENTIALS, or the metadata server of the node. They come
 * past the outbound rules, which refuse metadata servers: nothing of it is named by a tenant.
 */
export async function operatorToken(scopes: readonly string[]): Promise<AccessTokenSource> {
  const { GoogleAuth } = await import('google-auth-library');
  // Without a project the library looks for one before the first token: it runs gcloud, then asks the metadata server.
  const auth = new GoogleAuth({ scopes: [...scopes], projectId: 'none' });
  return {
    token: async () => {
      const token = await auth.getAccessToken().catch(() => undefined);
      if (typeof token === 'string' && token !== '') return { token: new SecretValue(token) };
      const message =
        "the operator has no Google credentials: bind its ServiceAccount by workload identity, or name a Secret or ServiceAccount of the object's own";
      throw new CredentialError('Unavailable', message);
    },
    // The library renews its tokens by itself.
    refused: () => undefined,
  };
}
