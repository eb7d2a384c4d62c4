// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { ListWatch } from '../../src/kube/watch/list-watch.ts';
import type { ListWatchOptions } from '../../src/kube/watch/list-watch-options.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ConfigMapStory, configMapValues, projectConfigMap } from './config-map-story.ts';
import { hastyClock } from './hasty-clock.ts';
import { configMap, json, list, refusal, ScriptedAPIServer, watch, type Reply } from './scripted-api-server.ts';

/** Time passes so many times faster for the list-watch. */
const FACTOR = 40;

const added = (name: string, version: string, value: string): unknown => ({
  type: 'ADDED',
  object: configMap(name, version, value),
});
const bookmark = (version: string): unknown => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: version } },
});
const errorEvent = (code: number, reason: string): unknown => ({
  type: 'ERROR',
  object: { kind: 'Status', code, reason, message: `scripted ${reason}` },
});

describe('a list-watch', () => {
  it('continues from the last version it saw when the server ends the watch in good order', async (t) => {
    const { server, story } = await follow(t, (scripted) => {
      scripted.lists(list([configMap('a', '5', 'one')], '9'));
      scripted.watches(watch([added('b', '10', 'two'), bookmark('17')], 'ends'));
    });
    await waitUntil('the watch is opened again', () => server.watchedFrom.length === 2);
    assert.deepEqual(server.watchedFrom, ['9', '17']);
    assert.equal(server.listCount, 1);
    assert.deepEqual(story.lines, ['upsert n/a=one', 'synced', 'upsert n/b=two']);
    assert.deepEqual(story.causes(), ['Ended']);
  });

  it('asks for bookmarks and for an end after five to ten minutes', async (t) => {
    const { server } = await follow(t, () => undefined);
    await waitUntil('the watch is open', () => server.watchedFrom.length === 1);
    const query = server.requests.at(-1)?.searchParams;
    assert.equal(query?.get('allowWatchBookmarks'), 'true');
    const seconds = Number(query.get('timeoutSeconds'));
    assert.ok(seconds >= 300 && seconds <= 600, `timeoutSeconds is ${seconds}`);
  });

  const silent = 'the watch is silent for too long';
  const broken: Readonly<Record<string, Reply>> = {
    'the connection breaks': watch([added('b', '10', 'two')], 'breaks'),
    'the connection breaks in mid-line': watch([added('b', '10', 'two'), '{"type":"ADDED","object":{"meta'], 'breaks'),
    'the body ends in mid-line': watch([added('b', '10', 'two'), '{"type":"ADDED","obj'], 'ends'),
    'garbage arrives': watch([added('b', '10', 'two'), '<html>502</html>\n'], 'stays'),
    'an event is no event': watch([added('b', '10', 'two'), { kind: 'Pod' }], 'stays'),
    'an event has no version': watch([added('b', '10', 'two'), { type: 'ADDED', object: { metadata: {} } }], 'stays'),
    'an event is larger than its cap': watch([added('b', '10', 'two'), added('big', '11', 'x'.repeat(5000))], 'stays'),
    [silent]: watch([added('b', '10', 'two')], 'stays'),
    'an ERROR event says that the server cannot': watch(
      [added('b', '10', 'two'), errorEvent(500, 'InternalError')],
      'stays',
    ),
  };
  for (const [name, reply] of Object.entries(broken)) {
    it(`continues where it was, without a list, when ${name}`, async (t) => {
      const { server, story } = await follow(
        t,
        (scripted) => {
          scripted.lists(list([configMap('a', '5', 'one')], '9'));
          scripted.watches(reply, watch([added('c', '12', 'three'), bookmark('13')], 'stays'));
        },
        { maxFrameBytes: 2000, ...(name === silent ? { stallMs: FACTOR * 1000 } : {}) },
      );
      await waitUntil('the object behind the break is there', () => story.state.has('n/c'));
      assert.deepEqual(server.watchedFrom.slice(0, 2), ['9', '10']);
      assert.equal(server.listCount, 1);
      assert.deepEqual(story.lines, ['upsert n/a=one', 'synced', 'upsert n/b=two', 'upsert n/c=three']);
    });
  }

  const forgotten: Readonly<Record<string, Reply>> = {
    'by status 410': refusal(410, 'Expired'),
    'by an ERROR event': watch([errorEvent(410, 'Expired')], 'stays'),
    'by an ERROR event that says Gone': watch([errorEvent(410, 'Gone')], 'ends'),
  };
  for (const [name, reply] of Object.entries(forgotten)) {
    it(`lists again when the version is forgotten (${name}), and tells the difference alone`, async (t) => {
      const { server, story } = await follow(t, (scripted) => {
        const same = configMap('same', '5', 'one');
        scripted.lists(
          list([same, configMap('changed', '6', 'old'), configMap('gone', '7', 'x')], '9'),
          list([same, configMap('changed', '20', 'new'), configMap('fresh', '21', 'y')], '30'),
        );
        scripted.watches(reply);
      });
      await waitUntil('the second watch is open', () => server.watchedFrom.length === 2);
      assert.deepEqual(server.watchedFrom, ['9', '30']);
      assert.deepEqual(story.lines.slice(4), ['upsert n/changed=new', 'upsert n/fresh=y', 'remove n/gone']);
      assert.deepEqual(story.causes(), ['Expired']);
    });
  }

  it('removes and delivers anew an object that was replaced by another of its name', async (t) => {
    const { story } = await follow(t, (scripted) => {
      scripted.lists(
        list([configMap('a', '5', 'one', 'first')], '9'),
        list([configMap('a', '20', 'two', 'second')], '30'),
      );
      scripted.watches(refusal(410, 'Expired'));
    });
    await waitUntil('the second object is there', () => story.state.get('n/a') === 'two');
    assert.deepEqual(story.lines, ['upsert n/a=one', 'synced', 'remove n/a', 'upsert n/a=two']);
  });

  it('waits as long as a server that is too busy asks', async (t) => {
    const { server, story } = await follow(t, (scripted) => {
      scripted.lists(refusal(429, 'TooManyRequests', { 'retry-after': '7' }), list([], '9'));
      scripted.watches(refusal(429, 'TooManyRequests', { 'retry-after': '9' }));
    });
    await waitUntil('the second watch is open', () => server.watchedFrom.length === 2);
    assert.deepEqual(
      story.restarts.map(({ cause, retryMs }) => [cause, retryMs]),
      [
        ['Refused', 7000],
        ['Refused', 9000],
      ],
    );
    assert.deepEqual(server.watchedFrom, ['9', '9']);
  });

  it('waits longer after each failure up to 30 seconds, and lists anew now and then', async (t) => {
    const { server, story } = await follow(t, (scripted) => {
      scripted.lists(list([], '9'));
      scripted.watches(...Array.from({ length: 8 }, () => refusal(503, 'ServiceUnavailable')));
    });
    await waitUntil('the ninth watch is open', () => server.watchedFrom.length === 9);
    assert.deepEqual(
      story.restarts.map(({ retryMs }) => retryMs),
      [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
    );
    assert.equal(server.listCount, 2);
  });

  it('does not spin when the server ends each watch as soon as it began', async (t) => {
    const { server, story } = await follow(t, (scripted) => {
      scripted.watches(...Array.from({ length: 3 }, () => watch([], 'ends')));
    });
    await waitUntil('the fourth watch is open', () => server.watchedFrom.length === 4);
    assert.deepEqual(
      story.restarts.map(({ retryMs }) => retryMs),
      [500, 1000, 2000],
    );
  });

  it('says what is wrong until a kind that is not installed appears', async (t) => {
    const gate = { installed: false };
    const { story, subject } = await follow(t, (scripted) => {
      scripted.lists((request, response) => {
        const reply = gate.installed ? list([configMap('a', '5', 'one')], '9') : json(404, '404 page not found');
        reply(request, response);
      });
    });
    await waitUntil('it tried a few times', () => story.restarts.length >= 3);
    assert.equal(subject.synced, false);
    assert.match(subject.lastError ?? '', /list configmaps.*404/);
    gate.installed = true;
    await waitUntil('it is synced', () => story.isSynced);
    assert.equal(subject.lastError, undefined);
    assert.deepEqual(story.lines, ['upsert n/a=one', 'synced']);
  });

  it('goes on with a list whose next page is forgotten, and watches from its first page', async (t) => {
    const { story, server } = await follow(t, (scripted) => {
      scripted.lists(
        list([configMap('a', '5', 'one')], '9', 'page-2'),
        expiredPage('page-2-of-later'),
        list([configMap('c', '20', 'three')], '30', 'page-3-of-later'),
        expiredPage('page-3-of-latest'),
        list([configMap('d', '6', 'four')], '40'),
      );
      scripted.watches(watch([added('b', '10', 'two'), added('c', '20', 'three')], 'stays'));
    });
    await waitUntil('it is synced', () => story.isSynced);
    await waitUntil('the watch delivered the changes of the meantime', () => story.state.size === 4);
    assert.equal(story.lines.length, 5, story.lines.join());
    assert.deepEqual([...story.state].sort(), [
      ['n/a', 'one'],
      ['n/b', 'two'],
      ['n/c', 'three'],
      ['n/d', 'four'],
    ]);
    assert.deepEqual(server.watchedFrom, ['9']);
    assert.deepEqual(continues(server), [null, 'page-2', 'page-2-of-later', 'page-3-of-later', 'page-3-of-latest']);
  });

  it('follows the watch while a long list is read, and lets it be ahead of the pages', async (t) => {
    const gate = Promise.withResolvers<undefined>();
    const { story, server } = await follow(t, (scripted) => {
      scripted.lists(list([configMap('a', '5', 'one')], '9', 'page-2'), (request, response) => {
        void gate.promise.then(() => {
          list([configMap('b', '6', 'old'), configMap('c', '7', 'three')], '9')(request, response);
        });
      });
      const gone = { type: 'DELETED', object: configMap('c', '11', 'three') };
      scripted.watches(watch([added('b', '10', 'new'), gone], 'stays'));
    });
    await waitUntil('the watch delivered the deletion', () =>
      story.lines.some((line) => line.startsWith('remove n/c')),
    );
    assert.equal(story.isSynced, false);
    gate.resolve(undefined);
    await waitUntil('it is synced', () => story.isSynced);
    assert.deepEqual(
      [...story.state],
      [
        ['n/a', 'one'],
        ['n/b', 'new'],
      ],
    );
    assert.deepEqual(server.watchedFrom, ['9']);
  });

  it('begins a list again whose next page is forgotten for good, and removes nothing by mistake', async (t) => {
    const { story, server } = await follow(t, (scripted) => {
      scripted.lists(
        list([configMap('a', '5', 'one')], '9', 'page-2'),
        refusal(410, 'Expired'),
        list([configMap('a', '5', 'one')], '12', 'page-2'),
        list([configMap('b', '6', 'two')], '12'),
      );
    });
    await waitUntil('it is synced', () => story.isSynced);
    await waitUntil('it watches', () => server.watchedFrom.at(-1) === '12');
    assert.deepEqual(story.lines, ['upsert n/a=one', 'upsert n/b=two', 'synced']);
  });

  it('waits longer each time when a list breaks off after its first page, however well the watch works', async (t) => {
    const { story, server } = await follow(t, (scripted) => {
      for (let index = 0; index < 3; index += 1) {
        scripted.lists(list([configMap('a', '5', 'one')], '9', 'page-2'), refusal(500, 'InternalError'));
        scripted.watches(watch([bookmark('9')], 'stays'));
      }
      scripted.lists(list([configMap('a', '5', 'one')], '12'));
    });
    await waitUntil('it is synced', () => story.isSynced);
    assert.deepEqual(story.lines, ['upsert n/a=one', 'synced']);
    assert.deepEqual(
      story.restarts.map(({ retryMs }) => retryMs),
      [500, 1000, 2000],
    );
    assert.equal(server.listCount, 7);
  });

  it('repeats a rescan that a full list overtook', async (t) => {
    const gate = Promise.withResolvers<undefined>();
    const { story, server, subject } = await follow(t, (scripted) => {
      scripted.lists(
        list([configMap('a', '5', 'one'), configMap('gone', '6', 'x')], '9'),
        // The rescan, whose first page is older than the full list and comes after it.
        (request, response) => {
          void gate.promise.then(() => {
            list([configMap('gone', '6', 'x')], '9', 'page-2')(request, response);
          });
        },
        list([configMap('a', '5', 'one')], '30'),
      );
      scripted.watches((request, response) => {
        // The watch is refused once the rescan is under way.
        const refuse = (): void => {
          if (server.listCount < 2) setImmediate(refuse);
          else refusal(410, 'Expired')(request, response);
        };
        refuse();
      });
    });
    await waitUntil('it is synced', () => story.isSynced);
    const rescan = subject.rescan({ signal: new AbortController().signal });
    await waitUntil('the full list found what is gone', () => !story.state.has('n/gone'));
    gate.resolve(undefined);
    await rescan;
    assert.deepEqual([...story.state.keys()], ['n/a']);
    assert.deepEqual(story.lines.slice(3), ['remove n/gone', 'upsert n/a=one']);
  });

  it('asks for smaller pages when one is larger than its cap, and for larger ones after some good ones', async (t) => {
    const server = await ScriptedAPIServer.start();
    const { client, close } = clientOf(server);
    t.after(async () => {
      await close();
      await server.stop();
    });
    const items = Array.from({ length: 10 }, (_unused, index) => configMap(`m${index}`, '1', 'x'.repeat(1000)));
    server.lists((request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      const from = Number(query.get('continue') ?? '0');
      const until = from + Number(query.get('limit'));
      list(items.slice(from, until), '9', until < items.length ? String(until) : undefined)(request, response);
    });
    const options = { signal: new AbortController().signal, pageSize: 8, maxPageBytes: 4096 };
    const values = await client.listAll(configMapValues, options);
    assert.equal(values.length, items.length);
    assert.deepEqual(
      server.requests.map((url) => url.searchParams.get('limit')),
      ['8', '2', '2', '2', '2', '8'],
    );
  });

  it('ends at once when it is stopped, whatever it waits for', async (t) => {
    const waiting: Readonly<Record<string, readonly Reply[]>> = {
      'an open watch': [],
      'a back-off': Array.from({ length: 50 }, () => refusal(503, 'ServiceUnavailable')),
      'an answer that does not come': [() => undefined],
    };
    for (const [what, replies] of Object.entries(waiting)) {
      const { server, subject } = await follow(t, (scripted) => {
        scripted.watches(...replies);
      });
      await waitUntil('the watch was asked for', () => server.watchedFrom.length >= 1);
      const beganMs = performance.now();
      await subject.stop();
      assert.ok(performance.now() - beganMs < 5000, `stopping took long during ${what}`);
    }
  });
});

/** A refusal of a page that says how the list may go on. */
function expiredPage(continueToken: string): Reply {
  return json(410, { kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: continueToken } });
}

function continues(server: ScriptedAPIServer): (string | null)[] {
  return server.requests
    .filter((url) => url.searchParams.get('watch') !== 'true')
    .map((url) => url.searchParams.get('continue'));
}

async function follow(
  t: TestContext,
  script: (server: ScriptedAPIServer) => void,
  options: Pick<ListWatchOptions<string>, 'maxFrameBytes' | 'stallMs'> = {},
) {
  const server = await ScriptedAPIServer.start();
  script(server);
  const { client, clock, close } = clientOf(server);
  const story = new ConfigMapStory();
  const subject = new ListWatch({
    client,
    clock,
    resource: configMapValues,
    project: projectConfigMap,
    handler: story,
    observer: story.observer,
    random: () => 0,
    // No silence but one that a test is about counts, however slow the machine is.
    stallMs: FACTOR * 60_000,
    ...options,
  });
  subject.start();
  t.after(async () => {
    await subject.stop();
    await close();
    await server.stop();
  });
  return { server, story, subject };
}

/** Back-offs pass quickly, and the timeouts of calls do not. */
function clientOf(server: ScriptedAPIServer) {
  const clock = hastyClock(FACTOR);
  const connection = KubeConnection.fromText(server.kubeconfig, { clock: systemClock });
  const client = new KubeClient({ connection, clock: systemClock, userAgent: 'hallmark/test' });
  return { client, clock, close: () => connection.close() };
}
