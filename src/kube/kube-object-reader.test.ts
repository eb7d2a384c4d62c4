// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { SERVICE_ACCOUNTS, TYPED_SECRETS } from './core-resources.ts';
import { KubeObjectReader } from './kube-object-reader.ts';
import { ModelApi } from './model-api.fixture.ts';

const never = new AbortController().signal;
const READ_ACCOUNT = 'get serviceaccounts';

describe('KubeObjectReader', () => {
  let clock: ManualClock;
  let api: ModelApi;
  let reader: KubeObjectReader;

  beforeEach(async () => {
    clock = new ManualClock();
    api = new ModelApi(clock);
    reader = new KubeObjectReader({ client: api.client, clock });
    await create('team-a', 'builder', 'push');
    await create('team-b', 'builder', 'theirs');
  });

  function create(namespace: string, name: string, secret: string): Promise<unknown> {
    const account = { metadata: { namespace, name }, secrets: [{ name: secret }] };
    return api.client.create(SERVICE_ACCOUNTS, account, { signal: never });
  }

  function list(secret: string): void {
    api.rewrite('serviceaccounts', (account) => ({ ...account, secrets: [{ name: secret }] }));
  }

  async function secretsOf(namespace: string, options?: { readonly maxAgeMs?: number }): Promise<unknown> {
    return (await reader.getServiceAccount(namespace, 'builder', never, options))?.secretNames;
  }

  it('reads a ServiceAccount once in 30 seconds, each namespace its own', async () => {
    const read = (): Promise<unknown[]> => Promise.all(['team-a', 'team-a', 'team-b'].map((of) => secretsOf(of)));
    assert.deepEqual(await read(), [['push'], ['push'], ['theirs']]);
    assert.equal(api.count(READ_ACCOUNT), 2);
    list('rotated');
    await clock.advance(29_999);
    assert.deepEqual(await read(), [['push'], ['push'], ['theirs']]);
    assert.equal(api.count(READ_ACCOUNT), 2);
    await clock.advance(1);
    assert.deepEqual(await read(), [['rotated'], ['rotated'], ['rotated']]);
    assert.equal(api.count(READ_ACCOUNT), 4);
  });

  it('reads again for a caller who wants a newer copy, and gives that one to all', async () => {
    await secretsOf('team-a');
    list('rotated');
    await clock.advance(5000);
    assert.deepEqual(await secretsOf('team-a', { maxAgeMs: 5000 }), ['push']);
    await clock.advance(1);
    assert.deepEqual(await secretsOf('team-a', { maxAgeMs: 5000 }), ['rotated']);
    assert.deepEqual(await secretsOf('team-a'), ['rotated']);
    assert.equal(api.count(READ_ACCOUNT), 2);
  });

  it('reads a Secret again for a caller who wants a newer copy', async () => {
    const made = { metadata: { namespace: 'team-a', name: 'push' }, data: { a: 'MQ==' } };
    await api.client.create(TYPED_SECRETS, made, { signal: never });
    const read = async (maxAgeMs?: number): Promise<string> => {
      const options = maxAgeMs === undefined ? {} : { maxAgeMs };
      const secret = await reader.getTypedSecret('team-a', 'push', never, options);
      return Buffer.from(secret?.data['a'] ?? []).toString();
    };
    assert.equal(await read(), '1');
    api.rewrite('secrets', (secret) => ({ ...secret, data: { a: 'Mg==' } }));
    await clock.advance(5001);
    assert.equal(await read(), '1');
    assert.equal(await read(5000), '2');
    assert.equal(await read(), '2');
  });

  it('keeps no absence', async () => {
    assert.equal(await reader.getServiceAccount('team-a', 'absent', never), undefined);
    await create('team-a', 'absent', 'push');
    assert.deepEqual(await reader.getServiceAccount('team-a', 'absent', never), { secretNames: ['push'] });
  });
});
