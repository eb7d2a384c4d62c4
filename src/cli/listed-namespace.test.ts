// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { NAMESPACES } from '../kube/core-resources.ts';
import { KubeError } from '../kube/kube-error.ts';
import { ModelApi } from '../kube/model-api.fixture.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { UncheckedError } from './cli-error.ts';
import { listedNamespace } from './listed-namespace.ts';

const { signal } = new AbortController();
const named = (name: string) => ({ namespace: () => Promise.resolve(name) });

describe('the namespace whose objects a command lists', () => {
  let api: ModelApi;
  beforeEach(async () => {
    api = new ModelApi(new ManualClock());
    await api.client.create(NAMESPACES, { metadata: { name: 'team-a' } }, { signal });
  });

  it('has to exist, unless every namespace is meant', async () => {
    const access = { client: api.client, signal };
    assert.equal(await listedNamespace({}, named('team-a'), access), 'team-a');
    assert.equal(await listedNamespace({ allNamespaces: true }, named('taem-a'), access), undefined);
    const message = 'there is no namespace taem-a: name another with -n';
    await assert.rejects(listedNamespace({}, named('taem-a'), access), new UncheckedError(message));
  });

  it('is taken on trust where the caller may not get it', async () => {
    api.intercept = () => {
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    };
    assert.equal(await listedNamespace({}, named('taem-a'), { client: api.client, signal }), 'taem-a');
  });
});
