// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GoogleAuthentication } from '../../api/v1alpha1/backend-types/cloud-authentication.ts';
import { effectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import type { TokenRequest } from '../../credentials/token-source.ts';
import { EgressClient } from '../../net/egress-client.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { GoogleAuthorization } from './google-authorization.ts';
import { StorageError } from '../storage-error.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

const authentication: GoogleAuthentication = {
  type: 'ServiceAccount',
  serviceAccountName: 'archivist',
  workloadIdentityProvider: 'projects/1/locations/global/workloadIdentityPools/p/providers/c',
};
const backend: BackendDefinition = {
  kind: 'StorageBackend',
  namespace: 'team-a',
  name: 'archive',
  spec: effectiveStorageBackendSpec({ type: 'GCS', gcs: { bucket: 'b', authentication } }),
};

/** The failure of a token request at this endpoint, and the accounts for which tokens were requested before it. */
async function failureAt(
  endpoint: string,
): Promise<{ readonly error: unknown; readonly asked: readonly TokenRequest[] }> {
  const asked: TokenRequest[] = [];
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  const access = {
    objects: {
      getSecret: nothing,
      getConfigMap: nothing,
      getTypedSecret: () => Promise.resolve(undefined),
      getServiceAccount: nothing,
    },
    tokens: {
      token: (request: TokenRequest) => {
        asked.push(request);
        return Promise.reject(new CredentialError('Forbidden', 'this test gives none'));
      },
    },
    egress: new EgressClient({ allow: [] }),
    clock: systemClock,
  };
  const authorization = new GoogleAuthorization({ backend, authentication, scope: 'https://scope', endpoint }, access);
  const error: unknown = await authorization.headers({}).catch((reason: unknown) => reason);
  return { error, asked };
}

describe('GoogleAuthorization', () => {
  it('asks for no token of a ServiceAccount for a host that the backend chose freely', async () => {
    const { error, asked } = await failureAt('https://elsewhere.example');
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, 'BackendUnauthorized');
    assert.match(
      error.message,
      /StorageBackend "?team-a\/archive"?: elsewhere\.example is neither below googleapis\.com/,
    );
    assert.deepEqual(asked, []);
  });

  it("asks for one for Google's own", async () => {
    const { asked } = await failureAt('https://storage.googleapis.com');
    assert.deepEqual(
      asked.map(({ serviceAccountName }) => serviceAccountName),
      ['archivist'],
    );
  });
});
