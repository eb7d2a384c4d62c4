// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { ModelApi } from '../../kube/model-api.fixture.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { requireBackend } from './require-backend.ts';

const { signal } = new AbortController();
const scope = { namespace: 'team-a', signal };
const backend = (kind: 'StorageBackend' | 'ClusterStorageBackend', name = 'late') => ({ kind, name });

describe('the backend of hallmark backfill', () => {
  let api: ModelApi;
  beforeEach(async () => {
    api = new ModelApi(new ManualClock());
    const spec = { type: 'Tekton' };
    const ofTeam = { metadata: { namespace: 'team-a', name: 'late' }, spec };
    const ofCluster = { metadata: { name: 'late' }, spec };
    await api.client.create(hallmarkResource('StorageBackend'), ofTeam, { signal });
    await api.client.create(hallmarkResource('ClusterStorageBackend'), ofCluster, { signal });
  });

  it('has to exist in the namespace, or in the cluster', async () => {
    await requireBackend(api.client, backend('StorageBackend'), scope);
    await requireBackend(api.client, backend('ClusterStorageBackend'), scope);
    await assert.rejects(requireBackend(api.client, backend('StorageBackend', 'none'), scope), {
      message: 'there is no StorageBackend none in namespace team-a',
    });
    await assert.rejects(
      requireBackend(api.client, backend('ClusterStorageBackend', 'none'), { ...scope, namespace: undefined }),
      {
        message: 'there is no ClusterStorageBackend none',
      },
    );
  });

  it('is taken on trust where the caller may not read it, and for every namespace', async () => {
    await requireBackend(api.client, backend('StorageBackend', 'none'), { ...scope, namespace: undefined });
    api.intercept = () => {
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    };
    await requireBackend(api.client, backend('StorageBackend', 'none'), scope);
  });
});
