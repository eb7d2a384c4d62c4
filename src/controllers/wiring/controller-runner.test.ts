// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { DEFERRED, DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import { type Admissions, controllerQueues } from '../shares/controller-queues.ts';
import { WorkerShares } from '../shares/worker-shares.ts';
import { ControllerRunner } from './controller-runner.ts';

const LANE = { name: 'backend', perIdle: 0 };
const FIRST: RecordKey = 'team-a/first';
const LOST: RecordKey = 'team-b/lost';
const NEXT: RecordKey = 'team-a/next';

/** A replica that works on the records of these namespaces alone. */
function replica(held: ReadonlySet<string>) {
  const all = (): boolean => true;
  const admissions: Admissions = {
    ...{ run: all, 'deletion-guard': all, verification: all, retirement: all, resync: all, rescan: all },
    ...{ 'signing-policy': all, 'storage-backend': all, 'policy-ceiling': all, 'child-notes': all },
    'provenance-record': (key) => held.has(namespaceOfRecord(key)),
  };
  const backoff = exponentialBackoff({ minMs: 1, maxMs: 1 });
  const queues = controllerQueues({ clock, backoff, observer: () => ({}), admissions });
  const shares = new WorkerShares(queues, { runs: 1, records: 1 });
  const ended = Object.fromEntries([FIRST, LOST, NEXT].map((key) => [key, Promise.withResolvers<undefined>()]));
  const runner = new ControllerRunner({
    parts: { admissions, queues, shares },
    shards: { add: () => undefined },
    clock,
    host: {
      watch: () => Promise.resolve(),
      run: (controller) => {
        controller.start();
      },
      releaseAtEnd: () => undefined,
    },
    onResult: ({ key }) => ended[key]?.resolve(undefined),
    onController: () => undefined,
  });
  const queue = queues['provenance-record'];
  const hasEnded = (key: RecordKey): Promise<undefined> | undefined => ended[key]?.promise;
  return { runner, queue, lanes: shares.lanes['provenance-record'], hasEnded };
}

describe('a controller whose keys share the workers', () => {
  it('keeps no place for a record that another replica took over while it was reconciled', async () => {
    const held = new Set(['team-a', 'team-b']);
    const { runner, queue, lanes, hasEnded } = replica(held);
    const first = Promise.withResolvers<undefined>();
    const served = Promise.withResolvers<undefined>();
    const work: Readonly<Record<RecordKey, () => Promise<void>>> = {
      [FIRST]: () => first.promise,
      [NEXT]: () => {
        served.resolve(undefined);
        return Promise.resolve();
      },
    };
    const reconcile = async (key: RecordKey): Promise<Outcome> => {
      const leave = lanes.enter([LANE], key);
      if (key === LOST) held.delete('team-b');
      if (leave === undefined) return DEFERRED;
      await work[key]?.();
      leave();
      return DONE;
    };
    runner.runShared('provenance-record', { reconcile });
    for (const key of [FIRST, LOST, NEXT]) queue.add(key);
    await Promise.all([hasEnded(LOST), hasEnded(NEXT)]);
    assert.deepEqual([lanes.isAwaiting(LANE.name, LOST), lanes.isAwaiting(LANE.name, NEXT)], [false, true]);
    first.resolve(undefined);
    await served.promise;
    queue.close();
  });
});
