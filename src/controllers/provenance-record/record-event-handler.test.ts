// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isObject, objectField } from '../../json/fields.ts';
import { ObjectFeed } from '../../kube/watch/object-feed.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { AnnotationOwners } from '../memory/records/annotation-owners.ts';
import { FailingSeals } from '../memory/records/failing-seals.ts';
import { OwnWrites } from '../memory/records/own-writes.ts';
import { readRecord, type TrustedRecord } from '../../records/read-record.ts';
import { type DeliveredRecord, projectRecord, recordEventHandler } from './record-event-handler.ts';
import { RecordIndex } from '../memory/records/record-index.ts';
import type { RecordKey } from '../../records/record-key.ts';
import { summariseRecord } from '../../records/record-summary.ts';
import { scheduleVerification } from './read-back/schedule-verification.ts';
import { SEAL_KEY, storedEntry, storedRecord, storedRecordKey } from '../../records/stored-record.fixture.ts';

const DAY_SECONDS = 86_400;
const SOON_SECONDS = 30;
const looks = { secondsUntilFirst: (isVerified: boolean) => (isVerified ? DAY_SECONDS : SOON_SECONDS) };

function setup() {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000 });
  const records = new RecordIndex();
  const queue = new KeyedQueue({ clock, backoff });
  const verification = new KeyedQueue({ clock, backoff });
  const cache = new ByteBudgetCache<DeliveredRecord, RecordKey>(1_000_000);
  const ownWrites = new OwnWrites(clock);
  const calls: string[] = [];
  const others = new Set<string>();
  const handler = recordEventHandler({
    records,
    ownWrites,
    failingSeals: new FailingSeals({ clock, namespaces: () => [] }),
    owners: new AnnotationOwners(records),
    cache,
    owns: (namespace) => !others.has(namespace),
    others: { recorded: (run, record) => calls.push(`recorded ${run} ${record}`) },
    guards: {
      recordDelivered: ({ key }) => calls.push(`guard ${key}`),
      recordRemoved: ({ key }) => calls.push(`unguard ${key}`),
    },
    queue,
    scheduleVerification: (storage) => {
      scheduleVerification(verification, looks, storage);
    },
    planRetirement: ({ key }) => calls.push(`plan ${key}`),
    forgetWork: (key) => calls.push(`forget work ${key}`),
    forget: (key) => calls.push(`forget ${key}`),
    requeueRun: (key) => calls.push(`requeue ${key}`),
    onSynced: () => undefined,
  });
  const feed = new ObjectFeed({
    project: (object) => projectRecord(object, { sealKey: SEAL_KEY, ownWrites }),
    handler,
    onFailure: (_key, error) => {
      throw error;
    },
  });
  return { clock, records, queue, verification, cache, ownWrites, calls, others, feed };
}

function trusted(object: unknown): TrustedRecord {
  const read = readRecord(object, SEAL_KEY);
  assert.ok(read?.isTrusted === true);
  return read;
}

/** Notes a write as RecordWriter does. */
function answered(records: RecordIndex, object: unknown): void {
  records.set(summariseRecord(trusted(object)));
}

/** The seconds until the first read-back, at most a day. */
async function secondsUntilLook({ clock, verification }: ReturnType<typeof setup>): Promise<number | undefined> {
  const looked: number[] = [];
  const taking = verification.take().then((key) => {
    if (key !== undefined) looked.push(clock.monotonicMs());
  });
  const beganMs = clock.monotonicMs();
  for (const seconds of [SOON_SECONDS, DAY_SECONDS - SOON_SECONDS]) await clock.advance(seconds * 1000);
  verification.close();
  await taking;
  return looked[0] === undefined ? undefined : (looked[0] - beganMs) / 1000;
}

const backends = ['evidence', 'tekton'];
const versions = [
  storedRecord({ backends, resourceVersion: '1' }),
  storedRecord({ backends, resourceVersion: '2', storage: [storedEntry('tekton')], reason: 'Progressing' }),
  storedRecord({
    backends,
    resourceVersion: '3',
    storage: [storedEntry('evidence', { isVerified: false }), storedEntry('tekton')],
  }),
];

describe('the record event handler', () => {
  for (const order of ['before', 'after'] as const) {
    it(`schedules the read-back of a second backend soon when the watch delivers it ${order} the response to its write`, async () => {
      const bed = setup();
      for (const version of versions) {
        if (order === 'after') answered(bed.records, version);
        bed.feed.seen(version);
        if (order === 'before') answered(bed.records, version);
      }
      assert.equal(await secondsUntilLook(bed), SOON_SECONDS);
    });
  }

  it('keeps a scheduled read-back where an event brings no new storage entry', async () => {
    const bed = setup();
    const unread = [storedEntry('evidence', { isVerified: false })];
    bed.feed.seen(storedRecord({ resourceVersion: '1', storage: unread }));
    await bed.clock.advance(SOON_SECONDS * 1000);
    const key = await bed.verification.take();
    assert.ok(key !== undefined);
    bed.verification.addAfter(key, DAY_SECONDS * 1000);
    bed.verification.done(key);
    bed.feed.seen(storedRecord({ resourceVersion: '2', storage: unread }));
    assert.equal(await secondsUntilLook(bed), DAY_SECONDS);
  });

  it('neither enqueues nor keeps a settled record, and plans its retirement', () => {
    const { feed, queue, cache, calls } = setup();
    feed.beginList();
    for (const runName of ['one', 'two']) feed.listed(storedRecord({ runName, storage: [storedEntry('evidence')] }));
    feed.endList();
    assert.deepEqual([queue.depth, queue.delayed, cache.size], [0, 0, 0]);
    const keys = ['one', 'two'].map((runName) => storedRecordKey({ runName }));
    assert.deepEqual(
      calls.filter((call) => call.startsWith('plan')),
      keys.map((key) => `plan ${key}`),
    );
  });

  it('lets the records of a list wait behind that of an event', async () => {
    const { feed, queue } = setup();
    feed.beginList();
    for (const runName of ['one', 'two']) feed.listed(storedRecord({ runName }));
    feed.endList();
    feed.seen(storedRecord({ runName: 'new' }));
    assert.equal(queue.depth, 3);
    assert.equal(await queue.take(), storedRecordKey({ runName: 'new' }));
  });

  it('takes the verified answer of an own write for its delivery, and verifies every other version', () => {
    const { feed, ownWrites, cache } = setup();
    const key = storedRecordKey();
    const answer = trusted(storedRecord({ resourceVersion: '1' }));
    ownWrites.wrote(key, answer);
    feed.seen(storedRecord({ resourceVersion: '1' }));
    assert.equal(cache.get(key)?.read, answer);
    for (const other of [{ resourceVersion: '2' }, { resourceVersion: '1', uid: 'of-another' }]) {
      ownWrites.wrote(key, answer);
      const object = storedRecord({ resourceVersion: '2' });
      assert.ok(isObject(object));
      const metadata = { ...objectField(object, 'metadata'), ...other };
      feed.seen({ ...object, metadata, spec: { ...objectField(object, 'spec'), mode: 'Audit' } });
      assert.equal(cache.get(key)?.read.isTrusted, false);
    }
  });

  it('takes a delivery that overtakes the answer of its write for what was sent, and verifies every other content', async () => {
    const { feed, ownWrites, cache } = setup();
    const key = storedRecordKey();
    const sent = trusted(storedRecord()).object;
    const answer = Promise.withResolvers<undefined>();
    const written = ownWrites.certain(key, answer.promise, sent);
    feed.seen(storedRecord({ resourceVersion: '2' }));
    const read = cache.get(key)?.read;
    assert.ok(read?.isTrusted === true);
    assert.equal(read.object.evidence, sent.evidence);
    const object = storedRecord({ resourceVersion: '3' });
    assert.ok(isObject(object));
    feed.seen({ ...object, spec: { ...objectField(object, 'spec'), mode: 'Audit' } });
    assert.equal(cache.get(key)?.read.isTrusted, false);
    answer.resolve(undefined);
    await written;
  });

  it('removes a deleted record from everything, and enqueues its run', () => {
    const { feed, queue, verification, cache, records, ownWrites, calls } = setup();
    const object = storedRecord({ storage: [storedEntry('evidence', { isVerified: false })], reason: 'Progressing' });
    const key = storedRecordKey();
    feed.seen(object);
    ownWrites.wrote(key, trusted(storedRecord({ resourceVersion: '9' })));
    assert.deepEqual([queue.depth, verification.delayed, cache.size], [1, 1, 1]);
    feed.deleted(object);
    assert.deepEqual([queue.depth, queue.delayed, cache.size, records.size], [0, 0, 0, 0]);
    assert.equal(ownWrites.mayPrecede(key, '1'), false);
    assert.deepEqual(calls.slice(-4), [
      `forget work ${key}`,
      `forget ${key}`,
      `unguard ${key}`,
      'requeue TaskRun/team-a/bake/uid-of-bake',
    ]);
  });

  it('keeps nothing but the summary of a record that another replica works on, and notes that its run is recorded', () => {
    const { feed, queue, cache, records, calls, others } = setup();
    others.add('team-a');
    feed.seen(storedRecord({ reason: 'Progressing' }));
    const key = storedRecordKey();
    assert.deepEqual([queue.has(key), cache.size, records.size], [false, 0, 1]);
    assert.ok(calls.includes(`recorded TaskRun/team-a/bake/uid-of-bake ${key}`), calls.join());
  });

  it('does not enqueue the run of a record that this process retires', () => {
    const { feed, records, calls } = setup();
    const object = storedRecord({ storage: [storedEntry('evidence')] });
    const key = storedRecordKey();
    feed.seen(object);
    records.setRetiring(key, true);
    feed.deleted(object);
    assert.deepEqual(calls.slice(-2), [`forget ${key}`, `unguard ${key}`]);
    assert.equal(records.isRetiring(key), false);
  });
});
