// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseMetadata } from '../../src/kube/object-metadata.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  isResponseTooLarge,
  isUnavailable,
  KubeError,
} from '../../src/kube/kube-error.ts';
import { metadataOnly } from '../../src/kube/resource.ts';
import { configMapValues } from './config-map-story.ts';
import { configMapObject, KubeBed, unhurried } from './kube-bed.ts';

const call = { signal: unhurried };
const metadata = metadataOnly(configMapValues, parseMetadata);

describe('the client of a real API server', () => {
  let bed: KubeBed;

  before(async () => {
    bed = await KubeBed.start('kube-client');
  });
  after(async () => {
    await bed.stop();
  });

  it('creates, reads, replaces and deletes an object, and counts each request', async () => {
    const { client, requests } = bed.client();
    const name = { namespace: 'default', name: 'life' };
    await client.create(configMapValues, configMapObject('default', 'life', 'one'), call);
    assert.equal(await client.get(configMapValues, name, call), 'one');
    await client.replace(configMapValues, configMapObject('default', 'life', 'two'), call);
    assert.equal(await client.find(configMapValues, name, call), 'two');
    assert.equal(await client.delete(configMapValues, name, call), true);
    assert.equal(await client.delete(configMapValues, name, call), false);
    assert.equal(await client.find(configMapValues, name, call), undefined);
    assert.deepEqual(
      requests.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`),
      [
        'create configmaps 201',
        'get configmaps 200',
        'update configmaps 200',
        'get configmaps 200',
        'delete configmaps 200',
        'delete configmaps 404',
        'get configmaps 404',
      ],
    );
  });

  it('gets metadata alone back from a write that asks for no more', async () => {
    const object = configMapObject('default', 'slim', 'x'.repeat(500_000));
    const created = await bed.admin.create({ ...metadata, parse: (answer) => JSON.stringify(answer) }, object, call);
    assert.ok(created.length < 5000, `the answer has ${created.length} characters`);
    assert.match(created, /"kind":"PartialObjectMetadata"/);
    assert.equal((await bed.admin.get(configMapValues, { namespace: 'default', name: 'slim' }, call)).length, 500_000);
  });

  it('gives each refusal its own guard and a message with verb, object and reason', async () => {
    await bed.put('default', 'taken', 'one');
    const found = await bed.admin.get(metadata, { namespace: 'default', name: 'taken' }, call);
    await bed.put('default', 'taken', 'two');
    const stale = { metadata: { namespace: 'default', name: 'taken', resourceVersion: found.resourceVersion } };
    const invalid = configMapObject('default', 'Not A Name', 'x');
    await bed.plane.kubectl(['create', 'serviceaccount', 'nobody']);
    const unprivileged = bed.client(await bed.plane.kubeconfigFor('default', 'nobody')).client;
    const cases: readonly (readonly [() => Promise<unknown>, (error: unknown) => boolean, RegExp])[] = [
      [
        () => bed.admin.get(configMapValues, { namespace: 'default', name: 'absent' }, call),
        isNotFound,
        /^get configmaps default\/absent: /,
      ],
      [
        () => bed.admin.create(configMapValues, configMapObject('default', 'taken', 'x'), call),
        isAlreadyExists,
        /^create configmaps default\/taken: .*already exists/,
      ],
      [
        () => bed.admin.replace(configMapValues, stale, call),
        isConflict,
        /^update configmaps default\/taken: .*modified/,
      ],
      [
        () => bed.admin.delete(configMapValues, { namespace: 'default', name: 'taken' }, { ...call, uid: 'another' }),
        isConflict,
        /UID/,
      ],
      [() => bed.admin.create(configMapValues, invalid, call), isInvalid, /RFC 1123/],
      [
        () => unprivileged.get(configMapValues, { namespace: 'default', name: 'taken' }, call),
        isForbidden,
        /cannot get resource/,
      ],
    ];
    for (const [attempt, guard, message] of cases) {
      await assert.rejects(
        attempt,
        (error) => error instanceof KubeError && guard(error) && message.test(error.message),
      );
    }
    assert.equal(await bed.admin.get(configMapValues, { namespace: 'default', name: 'taken' }, call), 'two');
  });

  it('lists page by page, each object once', async () => {
    await bed.namespace('many');
    const names = Array.from({ length: 7 }, (_unused, index) => `m${index}`);
    for (const name of names) await bed.put('many', name, name);
    const { client, requests } = bed.client();
    const values = await Array.fromAsync(client.list(configMapValues, { ...call, namespace: 'many', pageSize: 3 }));
    assert.deepEqual(
      values.filter((value) => value !== ''),
      names,
    );
    assert.equal(requests.length, 3);
    const labelled = await client.listAll(configMapValues, { ...call, namespace: 'many', labelSelector: 'no=such' });
    assert.deepEqual(labelled, []);
  });

  it('gives up an answer larger than its cap by asking for smaller pages, down to one object', async () => {
    await bed.namespace('large');
    for (const name of ['a', 'b', 'c']) await bed.put('large', name, 'x'.repeat(100_000));
    const options = { ...call, namespace: 'large', maxPageBytes: 150_000 };
    const values = await bed.admin.listAll(configMapValues, options);
    assert.equal(values.filter((value) => value.length === 100_000).length, 3);
    await assert.rejects(bed.admin.listAll(configMapValues, { ...options, maxPageBytes: 50_000 }), isResponseTooLarge);
  });

  it('ends a call that gets no answer in time, and one that its caller gives up', async (t) => {
    const proxy = await bed.plane.cutProxy();
    t.after(() => proxy.stop());
    const { client, requests } = bed.client(bed.plane.kubeconfigVia(proxy));
    const name = { namespace: 'default', name: 'absent' };
    await client.find(configMapValues, name, call);
    proxy.delay(3_000);
    const late = client.get(configMapValues, name, { ...call, timeoutMs: 50 });
    await assert.rejects(
      late,
      (error) => error instanceof KubeError && error.reason === 'Timeout' && isUnavailable(error),
    );
    const caller = new AbortController();
    const givenUp = client.get(configMapValues, name, { signal: caller.signal });
    const reason = new Error('not needed any more');
    caller.abort(reason);
    await assert.rejects(givenUp, (error) => error === reason);
    assert.deepEqual(
      requests.map(({ code }) => code),
      [404, 0, 0],
    );
  });

  it('says that the API server cannot be reached', async (t) => {
    const proxy = await bed.plane.cutProxy();
    t.after(() => proxy.stop());
    proxy.refuse();
    const { client } = bed.client(bed.plane.kubeconfigVia(proxy));
    const refused = client.get(configMapValues, { namespace: 'default', name: 'x' }, call);
    await assert.rejects(
      refused,
      (error) => error instanceof KubeError && error.reason === 'Unreachable' && isUnavailable(error),
    );
  });
});
