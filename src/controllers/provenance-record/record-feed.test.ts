// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectFeed } from '../../kube/object-feed.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { exponentialBackoff } from '../../runtime/backoff.ts';
import { ByteBudgetCache } from '../../runtime/byte-budget-cache.ts';
import { KeyedQueue } from '../../runtime/keyed-queue.ts';
import { ManualClock } from '../../runtime/manual-clock.ts';
import { AnnotationOwners } from './annotation-owners.ts';
import { OwnWrites } from './own-writes.ts';
import { readRecord } from './read-record.ts';
import { projectRecord, recordFeed } from './record-feed.ts';
import { RecordIndex, summariseRecord } from './record-index.ts';
import { scheduleVerification } from './schedule-verification.ts';
import { StoreAttempts } from './store-attempts.ts';
import { SEAL_KEY, storedEntry, storedRecord } from './stored-record.fixture.ts';
import { StoredLately } from './stored-lately.ts';
import { WitnessedLately } from './witnessed-lately.ts';

const DAY_SECONDS = 86_400;
const SOON_SECONDS = 30;
const looks = { secondsUntilFirst: (isVerified: boolean) => (isVerified ? DAY_SECONDS : SOON_SECONDS) };

function setup() {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000 });
  const records = new RecordIndex();
  const queue = new KeyedQueue({ clock, backoff });
  const verification = new KeyedQueue({ clock, backoff });
  const runs: string[] = [];
  const handler = recordFeed({
    records,
    pipelines: new Pipelines('ops'),
    attempts: new StoreAttempts(clock, backoff),
    ownWrites: new OwnWrites(clock),
    storedLately: new StoredLately(),
    witnessedLately: new WitnessedLately(),
    owners: new AnnotationOwners(records),
    cache: new ByteBudgetCache(1_000_000),
    queue,
    scheduleVerification: (storage) => {
      scheduleVerification(verification, looks, storage);
    },
    requeueRun: (key) => runs.push(key),
    onSynced: () => undefined,
  });
  const feed = new ObjectFeed({
    project: (object) => projectRecord(object, SEAL_KEY),
    handler,
    onFailure: (_key, error) => {
      throw error;
    },
  });
  return { clock, records, queue, verification, runs, feed };
}

/** What `writeRecordStatus` and `amendRecord` do with the answer to a write. */
function answered(records: RecordIndex, object: unknown): void {
  const read = readRecord(object, SEAL_KEY);
  assert.ok(read?.isTrusted === true);
  records.set(summariseRecord(read));
}

/** The seconds until the first look at what is stored, at most a day. */
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

describe('the record feed', () => {
  for (const order of ['before', 'after'] as const) {
    it(`has what a second backend took looked at soon when the watch delivers it ${order} the answer to its write`, async () => {
      const bed = setup();
      for (const version of versions) {
        if (order === 'after') answered(bed.records, version);
        bed.feed.seen(version);
        if (order === 'before') answered(bed.records, version);
      }
      assert.equal(await secondsUntilLook(bed), SOON_SECONDS);
    });
  }

  it('leaves a look where its back-off put it when an event tells nothing new of what is stored', async () => {
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
});
