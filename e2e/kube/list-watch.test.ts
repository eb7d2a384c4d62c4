// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { KubeRequest } from '../../src/kube/kube-observer.ts';
import { ListWatchGroup } from '../../src/kube/watch/list-watch-group.ts';
import type { ListWatchOptions } from '../../src/kube/watch/list-watch-options.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ConfigMapStory, configMapValues, projectConfigMap } from './config-map-story.ts';
import { hastyClock } from './hasty-clock.ts';
import { configMapObject, KubeBed, unhurried } from './kube-bed.ts';

describe('a list-watch of a real API server', () => {
  let bed: KubeBed;

  before(async () => {
    // Versions are forgotten after a second instead of five minutes, and old pages are not served from memory.
    bed = await KubeBed.start('list-watch', {
      apiServerArgs: ['--etcd-compaction-interval=1s', '--feature-gates=ListFromCacheSnapshot=false'],
    });
  });
  after(async () => {
    await bed.stop();
  });

  it('delivers what is there, in pages, and then what changes', async (t) => {
    const namespace = await bed.namespace('pages');
    for (const name of ['a', 'b', 'c', 'd', 'e']) await bed.put(namespace, name, 'one');
    const { story, requests } = follow(t, bed, { namespaces: [namespace], pageSize: 2 });
    await waitUntil('it is synced', () => story.isSynced);
    assert.deepEqual(story.next().toSorted(), [
      'synced',
      ...['a', 'b', 'c', 'd', 'e'].map((name) => `upsert pages/${name}=one`),
    ]);
    assert.equal(requests.filter(({ verb }) => verb === 'list').length, 3);
    await bed.put(namespace, 'f', 'two');
    await bed.put(namespace, 'a', 'two');
    await bed.remove(namespace, 'b');
    await waitUntil('the removal is delivered', () => !story.state.has('pages/b'));
    assert.deepEqual(story.next(), ['upsert pages/f=two', 'upsert pages/a=two', 'remove pages/b=one']);
  });

  it('sees several namespaces and no other', async (t) => {
    const namespaces = [await bed.namespace('team-a'), await bed.namespace('team-b')];
    await bed.namespace('team-c');
    for (const namespace of ['team-a', 'team-b', 'team-c']) await bed.put(namespace, 'm', namespace);
    const { story } = follow(t, bed, { namespaces });
    await waitUntil('it is synced', () => story.isSynced);
    for (const namespace of ['team-c', 'team-a', 'team-b']) await bed.put(namespace, 'n', namespace);
    await waitUntil('both are delivered', () => story.state.size === 4);
    assert.deepEqual([...story.state.keys()].toSorted(), ['team-a/m', 'team-a/n', 'team-b/m', 'team-b/n']);
    assert.equal(story.lines.filter((line) => line === 'synced').length, 1);
  });

  it('watches more namespaces than calls may have connections, and leaves calls theirs', async (t) => {
    const namespaces = ['w1', 'w2', 'w3', 'w4', 'w5'];
    for (const namespace of namespaces) await bed.namespace(namespace);
    const through = bed.client(bed.plane.kubeconfigPath, 2);
    const { story, requests } = follow(t, bed, { namespaces, through });
    await waitUntil('all are watched', () => requests.filter(({ verb }) => verb === 'watch').length === 5);
    for (const namespace of namespaces) {
      const object = configMapObject(namespace, 'm', 'one');
      await through.client.create(configMapValues, object, { signal: unhurried, timeoutMs: 5000 });
    }
    await waitUntil('all changes are delivered', () => story.state.size === 5);
  });

  it('goes on without a list after its connection was cut, and delivers nothing twice', async (t) => {
    const namespace = await bed.namespace('cut');
    await bed.put(namespace, 'a', 'one');
    const proxy = await bed.plane.cutProxy();
    t.after(() => proxy.stop());
    const through = bed.client(bed.plane.kubeconfigVia(proxy));
    const { story, requests } = follow(t, bed, { namespaces: [namespace], through });
    await waitUntil('it watches', () => requests.some(({ verb }) => verb === 'watch'));
    story.next();
    proxy.refuse();
    proxy.cut();
    await bed.put(namespace, 'b', 'two');
    await bed.remove(namespace, 'a');
    await waitUntil('it was refused', () => story.restarts.length >= 2);
    proxy.accept();
    await waitUntil('the removal is delivered', () => !story.state.has('cut/a'));
    assert.deepEqual(story.lines, ['upsert cut/b=two', 'remove cut/a=one']);
    assert.equal(requests.filter(({ verb }) => verb === 'list').length, 1);
  });

  it('tells what changed and what vanished while the API server was down and forgot the version', async (t) => {
    const namespace = await bed.namespace('forgotten');
    for (const name of ['changed', 'gone', 'same']) await bed.put(namespace, name, 'one');
    const proxy = await bed.plane.cutProxy();
    t.after(() => proxy.stop());
    const through = bed.client(bed.plane.kubeconfigVia(proxy));
    // Time is slowed down, so that the server is back before so many attempts failed that a list is due in any case.
    const { story, requests } = follow(t, bed, { namespaces: [namespace], through, clock: hastyClock(0.35) });
    await waitUntil('it watches', () => requests.some(({ verb }) => verb === 'watch'));
    story.next();
    proxy.refuse();
    proxy.cut();
    await bed.remove(namespace, 'gone');
    await bed.put(namespace, 'changed', 'two');
    await bed.put(namespace, 'fresh', 'two');
    // A new API server knows no event that is older than itself.
    await bed.plane.restartApiServer();
    proxy.accept();
    await waitUntil('the difference is delivered', () => story.lines.length >= 3);
    assert.deepEqual(story.lines, [
      'upsert forgotten/changed=two',
      'upsert forgotten/fresh=two',
      'remove forgotten/gone',
    ]);
    assert.ok(story.causes().includes('Expired'), story.causes().join());
    await bed.put(namespace, 'later', 'three');
    await waitUntil('it watches again', () => story.state.has('forgotten/later'));
  });

  it('loses nothing when the API server restarts under it', async (t) => {
    const namespace = await bed.namespace('restart');
    await bed.put(namespace, 'a', 'one');
    const { story, group } = follow(t, bed, { namespaces: [namespace] });
    await waitUntil('it is synced', () => story.isSynced);
    await bed.plane.restartApiServer({
      whileDown: async () => {
        await waitUntil('it noticed', () => group.lastError !== undefined);
      },
    });
    await bed.put(namespace, 'b', 'two');
    await bed.remove(namespace, 'a');
    await waitUntil('all changes are delivered', () => story.state.has('restart/b') && !story.state.has('restart/a'));
    await waitUntil('it says that it works', () => group.lastError === undefined);
    const upserts = story.lines.filter((line) => line.startsWith('upsert'));
    assert.deepEqual(upserts, ['upsert restart/a=one', 'upsert restart/b=two']);
  });

  it('begins a list anew whose next page was compacted away', async () => {
    const namespace = await bed.namespace('compacted');
    for (const name of ['a', 'b', 'c']) await bed.put(namespace, name, 'one');
    const pages = bed.admin.pages(configMapValues, { signal: unhurried, namespace, pageSize: 2 });
    const first = await pages.next();
    assert.equal(first.done, false);
    await compacted(bed, namespace, first.value.resourceVersion);
    const rest = await Array.fromAsync(pages);
    assert.equal(rest[0]?.restarted, true);
    const names = new Set(rest.flatMap(({ items }) => items.map((item) => configMapValues.parse(item))));
    assert.ok(names.has('one'));
    assert.notEqual(rest[0].resourceVersion, first.value.resourceVersion);
  });

  it('goes on with a list whose next page was compacted away, while its watch tells what changed', async (t) => {
    const namespace = await bed.namespace('outlasted');
    for (const name of ['a', 'b', 'c', 'e']) await bed.put(namespace, name, 'one');
    const { client, requests } = bed.client();
    const gate = Promise.withResolvers<string>();
    const release = Promise.withResolvers<undefined>();
    const slow: ListWatchOptions<string>['client'] = {
      watch: (...call) => client.watch(...call),
      pages: async function* (resource, options) {
        for await (const page of client.pages(resource, options)) {
          yield page;
          gate.resolve(page.resourceVersion);
          await release.promise;
        }
      },
    };
    const { story } = follow(t, bed, { namespaces: [namespace], pageSize: 2, through: { client: slow, requests } });
    const version = await gate.promise;
    await bed.put(namespace, 'a', 'two');
    await bed.remove(namespace, 'b');
    await bed.put(namespace, 'c', 'two');
    await bed.remove(namespace, 'e');
    await bed.put(namespace, 'd', 'one');
    await waitUntil('the watch delivered all of it', () => story.state.has(`${namespace}/d`));
    await compacted(bed, namespace, version);
    assert.equal(story.isSynced, false);
    release.resolve(undefined);
    await waitUntil('it is synced', () => story.isSynced);
    story.state.delete(`${namespace}/busy`);
    assert.deepEqual([...story.state].toSorted(), [
      [`${namespace}/a`, 'two'],
      [`${namespace}/c`, 'two'],
      [`${namespace}/d`, 'one'],
    ]);
    assert.ok(
      requests.some(({ verb, code }) => verb === 'list' && code === 410),
      'a token had expired',
    );
    assert.deepEqual(story.restarts, [], 'no list began anew');
  });

  it('delivers everything again in a rescan, of one namespace or all, while the watch goes on', async (t) => {
    const namespaces = [await bed.namespace('rescan-a'), await bed.namespace('rescan-b')];
    for (const namespace of namespaces) for (const name of ['x', 'y']) await bed.put(namespace, name, 'one');
    const { story, group } = follow(t, bed, { namespaces, pageSize: 1 });
    await waitUntil('it is synced', () => story.isSynced);
    story.next();
    await group.rescan({ namespace: 'rescan-a', signal: unhurried });
    assert.deepEqual(story.next(), ['upsert rescan-a/x=one', 'upsert rescan-a/y=one']);
    await group.rescan({ signal: unhurried });
    assert.equal(story.next().length, 4);
    await bed.put('rescan-b', 'z', 'two');
    await waitUntil('the watch goes on', () => story.state.has('rescan-b/z'));
  });

  it('waits for a kind that is not installed yet, saying so', async (t) => {
    const widgets: Resource<unknown> = {
      group: 'example.dev',
      version: 'v1',
      plural: 'widgets',
      kind: 'Widget',
      namespaced: true,
      parse: (object) => object,
    };
    const { story, group } = follow(t, bed, { namespaces: [], resource: widgets });
    await waitUntil('it failed', () => story.restarts.length > 0);
    assert.equal(group.synced, false);
    assert.match(group.lastError ?? '', /list widgets\.example\.dev: .*404|could not find the requested resource/);
    await bed.plane.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(widgetDefinition) });
    await waitUntil('it is synced', () => group.synced);
    await bed.plane.kubectl(['apply', '-f', '-'], {
      stdin: JSON.stringify({
        apiVersion: 'example.dev/v1',
        kind: 'Widget',
        metadata: { name: 'w', namespace: 'default' },
      }),
    });
    await waitUntil('the object is delivered', () => story.state.has('default/w'));
    assert.equal(group.lastError, undefined);
  });
});

interface Following {
  readonly namespaces: readonly string[];
  readonly pageSize?: number;
  readonly through?: { readonly client: ListWatchOptions<string>['client']; readonly requests: readonly KubeRequest[] };
  readonly resource?: Resource<unknown>;
  readonly clock?: Clock;
}

/** Waits until the API server has forgotten the version. */
async function compacted(bed: KubeBed, namespace: string, version: string): Promise<void> {
  const exactly = `/api/v1/namespaces/${namespace}/configmaps?resourceVersionMatch=Exact&resourceVersion=${version}`;
  await waitUntil('the version is compacted away', async () => {
    await bed.put(namespace, 'busy', String(performance.now()));
    return bed.plane.kubectl(['get', '--raw', exactly]).then(
      () => false,
      (error: unknown) => /provided resource version.*too old|Expired|too old resource version/i.test(String(error)),
    );
  });
}

function follow(t: TestContext, bed: KubeBed, following: Following) {
  const { client, requests } = following.through ?? bed.client();
  const story = new ConfigMapStory();
  const group = new ListWatchGroup<string>(
    {
      client,
      clock: following.clock ?? systemClock,
      random: () => 0,
      resource: following.resource ?? configMapValues,
      project: projectConfigMap,
      handler: story,
      observer: story.observer,
      ...(following.pageSize === undefined ? {} : { pageSize: following.pageSize }),
    },
    following.namespaces,
  );
  group.start();
  t.after(() => group.stop());
  return { story, group, requests };
}

const widgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.dev' },
  spec: {
    group: 'example.dev',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
