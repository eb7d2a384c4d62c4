// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KindName } from '../../api/v1alpha1/kinds.ts';
import { NAMESPACES } from '../../kube/core-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { ModelApi } from '../../kube/model-api.fixture.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { clusterBackends } from './cluster-backends.ts';

const { signal } = new AbortController();
const scope = { operatorNamespace: 'hallmark-system', signal };
const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
const oci = (encoding: string): object => ({ type: 'OCI', oci: { encoding } });

interface BackendRef {
  readonly kind: 'StorageBackend';
  readonly name: string;
}

/** A policy of team-a, a bundle backend of its own, and a cluster backend that takes the evidence of one other namespace. */
async function api(refused: string, backendRefs: readonly BackendRef[]): Promise<ModelApi> {
  const model = new ModelApi(new ManualClock());
  const add = async (kind: KindName, metadata: { name: string; namespace?: string }, spec: object): Promise<void> => {
    await model.add(hallmarkResource(kind), { apiVersion: 'hallmark.dev/v1alpha1', kind, metadata, spec });
  };
  await model.add(NAMESPACES, { metadata: { name: 'team-a', labels: {} } });
  await add('SigningPolicy', { name: 'builds', namespace: 'team-a' }, { signer, backendRefs });
  await add('StorageBackend', { name: 'own', namespace: 'team-a' }, oci('SigstoreBundle'));
  await add('ClusterStorageBackend', { name: 'all' }, { type: 'Tekton', acceptFrom: ['SigningPolicy'] });
  const namespaceSelector = { matchLabels: { tier: 'prod' } };
  const elsewhere = { ...oci('CosignTags'), acceptFrom: ['SigningPolicy'], namespaceSelector };
  await add('ClusterStorageBackend', { name: 'elsewhere' }, elsewhere);
  model.intercept = ({ resource }, serve) => {
    if (refused !== '' && resource.startsWith(refused))
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    return serve();
  };
  return model;
}

async function found(refused: string, backendRefs: readonly BackendRef[] = []): Promise<string | readonly string[]> {
  const policy = {
    kind: 'SigningPolicy',
    name: 'builds',
    homeNamespace: 'team-a',
    description: 'SigningPolicy team-a/builds',
    spec: { signer, backendRefs },
    status: {},
  } as const;
  const backends = await clusterBackends(policy, (await api(refused, backendRefs)).client, scope);
  return 'unknown' in backends ? backends.unknown : backends.specs.map(({ type }) => type).toSorted();
}

describe('the backends of a policy of the cluster', () => {
  it('are those in its reach', async () => {
    assert.deepEqual(await found(''), ['OCI', 'Tekton']);
  });

  it('are not known to those who may not read them', async () => {
    assert.equal(await found('clusterstoragebackends'), 'you may not read ClusterStorageBackend');
    assert.equal(await found('storagebackends'), 'you may not read StorageBackend');
  });

  it('are known without the right to read kinds that do not count', async () => {
    assert.deepEqual(await found('clustersigningpolicies'), ['OCI', 'Tekton']);
    assert.deepEqual(await found('clusterstoragebackends', [{ kind: 'StorageBackend', name: 'own' }]), ['OCI']);
  });
});
