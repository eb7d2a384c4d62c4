// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectField, stringField } from '../../json/fields.ts';
import { ObjectFeed } from './object-feed.ts';

describe('the object feed', () => {
  it('delivers each version of an object once, from lists and events alike', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1), object('b', 1));
    feed.seen(object('a', 1));
    list(feed, object('a', 1), object('b', 2));
    assert.deepEqual(calls, ['upsert n/a@1', 'upsert n/b@1', 'upsert n/b@2']);
    assert.equal(feed.size, 2);
  });

  it('removes what a list does not have any more', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1), object('b', 1));
    list(feed, object('b', 1));
    assert.deepEqual(calls.slice(2), ['remove n/a']);
    assert.equal(feed.size, 1);
  });

  it('keeps what appeared during a list, which is not in it', () => {
    const { feed, calls } = setup();
    feed.beginList();
    feed.seen(object('a', 1));
    feed.endList();
    feed.beginList();
    feed.seen(object('new', 2));
    feed.listed(object('a', 1));
    feed.endList();
    assert.deepEqual(calls, ['upsert n/a@1', 'upsert n/new@2']);
  });

  it('counts only the last attempt of a list that had to begin again', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1), object('b', 1));
    feed.beginList();
    feed.listed(object('a', 1));
    feed.beginList();
    feed.listed(object('b', 1));
    feed.endList();
    assert.deepEqual(calls.slice(2), ['remove n/a']);
  });

  it('removes the old object before it delivers another one of the same name', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1, { uid: 'first' }));
    list(feed, object('a', 9, { uid: 'second' }));
    assert.deepEqual(calls, ['upsert n/a@1', 'remove n/a', 'upsert n/a@9']);
  });

  it('gives the last state of a deleted object', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1));
    feed.deleted(object('a', 2));
    assert.deepEqual(calls.slice(1), ['remove n/a last@2']);
    assert.equal(feed.size, 0);
  });

  it('gives a deleted object that it never delivered, so that none is missed between list and watch', () => {
    const { feed, calls } = setup();
    feed.deleted(object('a', 2));
    assert.deepEqual(calls, ['remove n/a last@2']);
  });

  it('leaves out what is projected away, and removes what is projected away later', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1, { hidden: true }), object('b', 1));
    feed.deleted(object('a', 2, { hidden: true }));
    feed.seen(object('b', 2, { hidden: true }));
    assert.deepEqual(calls, ['upsert n/b@1', 'remove n/b']);
    assert.equal(feed.size, 0);
  });

  it('ignores what has no name, UID or version', () => {
    const { feed, calls } = setup();
    for (const junk of [null, 7, 'x', [], {}, { metadata: null }, { metadata: { name: 'a', uid: 3 } }]) {
      feed.seen(junk);
      feed.deleted(junk);
    }
    assert.deepEqual(calls, []);
  });

  it('goes on after a projection or handler that throws, and delivers the object again with the next list', () => {
    const { feed, calls, failures } = setup();
    list(feed, object('throws', 1), object('a', 1), object('handler-throws', 1));
    assert.deepEqual(calls, ['upsert n/a@1']);
    assert.deepEqual(failures, ['n/throws', 'n/handler-throws']);
    list(feed, object('a', 1), object('handler-throws', 1));
    assert.deepEqual(failures, ['n/throws', 'n/handler-throws', 'n/handler-throws']);
  });

  it('delivers known and new objects again in a rescan', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1));
    const removed = feed.beginRescan();
    feed.rescanned(object('a', 1), removed);
    feed.rescanned(object('b', 1), removed);
    feed.endRescan(removed);
    assert.deepEqual(calls, ['upsert n/a@1', 'upsert n/a@1', 'upsert n/b@1']);
  });

  it('leaves alone in a rescan what the watch delivered in another version or deleted meanwhile', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1), object('b', 1));
    const removed = feed.beginRescan();
    feed.seen(object('a', 2));
    feed.deleted(object('b', 3));
    feed.rescanned(object('a', 1), removed);
    feed.rescanned(object('b', 1), removed);
    feed.endRescan(removed);
    assert.deepEqual(calls.slice(2), ['upsert n/a@2', 'remove n/b last@3']);
    assert.equal(feed.size, 1);
  });

  it('lets the watch be ahead of the later pages of a list', () => {
    const { feed, calls } = setup();
    list(feed, object('a', 1), object('b', 1), object('c', 1));
    feed.beginList();
    feed.seen(object('a', 3));
    feed.deleted(object('b', 3));
    feed.seen(object('c', 3, { hidden: true }));
    for (const name of ['a', 'b', 'c', 'd']) feed.listed(object(name, 2));
    feed.endList();
    assert.deepEqual(calls.slice(3), ['upsert n/a@3', 'remove n/b last@3', 'remove n/c', 'upsert n/d@2']);
    assert.equal(feed.size, 2);
  });

  it('does not let a rescan keep what a full list found gone, known before or not', () => {
    for (const known of [[object('a', 1)], []]) {
      const { feed, calls } = setup();
      list(feed, ...known);
      const rescan = feed.beginRescan();
      feed.beginList();
      feed.rescanned(object('a', 1), rescan);
      feed.endList();
      feed.rescanned(object('a', 1), rescan);
      feed.endRescan(rescan);
      assert.equal(feed.size, 0);
      assert.deepEqual(calls.slice(known.length), known.length === 0 ? [] : ['remove n/a']);
      assert.equal(rescan.isOvertaken, true);
    }
  });

  it('keeps what a rescan delivers that began after the full list under way', () => {
    const { feed, calls } = setup();
    feed.beginList();
    const rescan = feed.beginRescan();
    feed.rescanned(object('a', 2), rescan);
    feed.endRescan(rescan);
    feed.endList();
    assert.deepEqual(calls, ['upsert n/a@2']);
    assert.equal(rescan.isOvertaken, false);
  });
});

interface Projected {
  readonly version: string;
  readonly name: string;
}

function setup() {
  const calls: string[] = [];
  const failures: string[] = [];
  const feed = new ObjectFeed<Projected>({
    project: (seen) => {
      const metadata = objectField(seen, 'metadata');
      const name = stringField(metadata, 'name') ?? '';
      if (name === 'throws') throw new TypeError('defect');
      if (stringField(seen, 'hidden') === 'yes') return undefined;
      return { name, version: stringField(metadata, 'resourceVersion') ?? '' };
    },
    handler: {
      upsert: (key, { name, version }) => {
        if (name === 'handler-throws') throw new TypeError('defect');
        calls.push(`upsert ${key}@${version}`);
      },
      remove: (key, last) => calls.push(`remove ${key}${last === undefined ? '' : ` last@${last.version}`}`),
      synced: () => undefined,
    },
    onFailure: (key) => failures.push(key),
  });
  return { feed, calls, failures };
}

function object(
  name: string,
  version: number,
  options: { readonly uid?: string; readonly hidden?: boolean } = {},
): unknown {
  const { uid = `uid-of-${name}`, hidden = false } = options;
  return {
    metadata: { namespace: 'n', name, uid, resourceVersion: String(version) },
    ...(hidden ? { hidden: 'yes' } : {}),
  };
}

function list(feed: ObjectFeed<Projected>, ...objects: readonly unknown[]): void {
  feed.beginList();
  for (const listed of objects) feed.listed(listed);
  feed.endList();
}
