// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WritableObject } from '../../kube/kube-client.ts';
import { KubeError } from '../../kube/kube-error.ts';
import type { Resource } from '../../kube/resource.ts';
import { loadSealKey, SealKeyLostError } from './seal-key.ts';

const signal = new AbortController().signal;

/** One Secret, as the API server keeps it; the end-to-end tests use a real one. */
class OneSecret {
  stored: unknown;
  creations = 0;
  /** Runs before a creation, in the place of another replica. */
  beforeCreate: () => void = () => undefined;

  find<T>(resource: Resource<T>): Promise<T | undefined> {
    return Promise.resolve(this.stored === undefined ? undefined : resource.parse(this.stored));
  }

  create<T>(resource: Resource<T>, object: WritableObject): Promise<T> {
    this.creations += 1;
    this.beforeCreate();
    if (this.stored !== undefined)
      return Promise.reject(new KubeError({ status: 409, reason: 'AlreadyExists', message: 'it exists' }));
    this.stored = object;
    return Promise.resolve(resource.parse(object));
  }
}

const ops = { namespace: 'ops', findSealed: () => Promise.resolve(undefined) };

function secret(bytes: number): unknown {
  const data = { key: Buffer.alloc(bytes, 7).toString('base64') };
  return { metadata: { namespace: 'ops', name: 'hallmark-seal' }, data };
}

describe('loadSealKey', () => {
  it('creates the key once and finds it afterwards', async () => {
    const client = new OneSecret();
    const made = await loadSealKey(client, ops, signal);
    const found = await loadSealKey(client, ops, signal);
    assert.equal(client.creations, 1);
    assert.deepEqual(Buffer.from(found.value.reveal()), Buffer.from(made.value.reveal()));
    assert.equal(made.value.reveal().length, 32);
  });

  it('uses the key of a replica that was faster', async () => {
    const client = new OneSecret();
    client.beforeCreate = () => {
      client.stored = secret(32);
    };
    const key = await loadSealKey(client, ops, signal);
    assert.deepEqual(Buffer.from(key.value.reveal()), Buffer.alloc(32, 7));
  });

  it('refuses a key that is too short, and names the remedy', async () => {
    const client = new OneSecret();
    client.stored = secret(31);
    await assert.rejects(loadSealKey(client, ops, signal), /"ops\/hallmark-seal" has no entry "key".*restore it/);
    assert.equal(client.creations, 0);
  });

  it('fails when the Secret may not be created', async () => {
    const client = new OneSecret();
    client.beforeCreate = () => {
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    };
    await assert.rejects(loadSealKey(client, ops, signal), { status: 403 });
  });

  it('creates no key to replace one that sealed records, and names what to restore', async () => {
    const client = new OneSecret();
    const sealed = { name: 'team-a/bake', keyID: '0123456789abcdef' };
    const options = { namespace: 'ops', findSealed: () => Promise.resolve(sealed) };
    await assert.rejects(loadSealKey(client, options, signal), (error: unknown) => {
      assert.ok(error instanceof SealKeyLostError);
      assert.match(
        error.message,
        /"ops\/hallmark-seal" is missing.*team-a\/bake.*restore it.*"0123456789abcdef" in the entry "replaces"/,
      );
      return true;
    });
    assert.equal(client.creations, 0);
  });

  it('reads the earlier key of a rotation, and refuses one that is too short', async () => {
    const client = new OneSecret();
    const withPrevious = (bytes: number): unknown => {
      const [key, previous] = [Buffer.alloc(32, 7), Buffer.alloc(bytes, 8)].map((value) => value.toString('base64'));
      return { metadata: { namespace: 'ops', name: 'hallmark-seal' }, data: { key, previous } };
    };
    client.stored = withPrevious(32);
    const found = await loadSealKey(client, ops, signal);
    assert.deepEqual(Buffer.from(found.previous?.reveal() ?? []), Buffer.alloc(32, 8));
    client.stored = withPrevious(31);
    await assert.rejects(loadSealKey(client, ops, signal), /"previous" of Secret "ops\/hallmark-seal" is not a key/);
  });

  it('reads the keys that are given up', async () => {
    const client = new OneSecret();
    const data = {
      key: Buffer.alloc(32, 7).toString('base64'),
      replaces: Buffer.from('one, two\n').toString('base64'),
    };
    client.stored = { metadata: { namespace: 'ops', name: 'hallmark-seal' }, data };
    assert.deepEqual([...(await loadSealKey(client, ops, signal)).replaces], ['one', 'two']);
  });
});
