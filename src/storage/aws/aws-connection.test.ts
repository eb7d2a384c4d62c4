// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import { EgressClient } from '../../net/egress-client.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { AwsConnection } from './aws-connection.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

const never = new AbortController().signal;
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const access = {
  objects: {
    getSecret: nothing,
    getConfigMap: nothing,
    getTypedSecret: () => Promise.resolve(undefined),
    getServiceAccount: nothing,
  },
  tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'this test gives none')) },
  egress: new EgressClient({ allow: [] }),
  clock: systemClock,
};
const authentication = { type: 'Secret', secretRef: { name: 'aws' } } as const;

describe('AwsConnection', () => {
  for (const [kind, ignores] of [
    ['StorageBackend', true],
    ['ClusterStorageBackend', false],
  ] as const) {
    it(`heeds ${ignores ? 'nothing' : 'something'} of the operator's environment for a ${kind}`, async () => {
      const s3 = { bucket: 'b', region: 'eu-central-1', authentication };
      const spec = effectiveStorageBackendSpec({ type: 'S3', s3 });
      const place = { namespace: 'team-a', name: 'archive' };
      const backend: BackendDefinition = { kind, ...place, spec };
      const made: boolean[] = [];
      const settings = { region: 'eu-central-1', authentication, tls: { insecure: false } };
      const connection = new AwsConnection(backend, settings, access, {
        make: ({ ignoreConfiguredEndpointUrls }) => {
          made.push(ignoreConfiguredEndpointUrls);
          return Promise.resolve({ destroy: () => undefined });
        },
        maxResponseBytes: 1,
      });
      await connection.client(never);
      await connection.close();
      assert.deepEqual(made, [ignores]);
    });
  }
});
