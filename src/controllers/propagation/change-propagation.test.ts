// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { effectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { RecordIndex } from '../memory/records/record-index.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import { recordSummary, settledSummary } from '../../records/record-summary.fixture.ts';
import type { RecordKey } from '../../records/record-key.ts';
import { type AttemptKey, Attempts } from '../memory/records/attempts.ts';
import { shardOf, SHARDS } from '../../runtime/shards/shard.ts';
import { OwnedShards } from '../memory/owned-shards.ts';
import { RecordDrain } from './record-drain.ts';
import { RecordResync } from './record-resync.ts';
import { ChangePropagation } from './change-propagation.ts';
import type { ResyncKey } from '../shares/controller-queues.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';
import { type PolicyKey, policyKey } from '../../pipelines/policy-key.ts';

const clock = new ManualClock();
const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000, jitter: 0 });
const builds = policyDefinition('team-a', 'builds');
let queues: {
  readonly policies: KeyedQueue<PolicyKey>;
  readonly backends: KeyedQueue<BackendKey>;
  readonly ceilings: KeyedQueue;
  readonly records: KeyedQueue;
  readonly rescans: KeyedQueue;
  readonly resyncs: KeyedQueue<ResyncKey>;
};
let attempts: Attempts;
let records: RecordIndex;
let propagation: ChangePropagation;
let resync: RecordResync;
let pipelines: Pipelines;
let planned: string[];
let owned: OwnedShards;
let takenOver: string[];

beforeEach(() => {
  const queue = <Key extends string = string>(): KeyedQueue<Key> => new KeyedQueue({ clock, backoff });
  queues = {
    policies: queue(),
    backends: queue(),
    ceilings: queue(),
    records: queue(),
    rescans: queue(),
    resyncs: queue(),
  };
  attempts = new Attempts(clock, backoff);
  pipelines = new Pipelines('ops');
  records = new RecordIndex();
  planned = [];
  takenOver = [];
  owned = new OwnedShards(clock);
  for (const shard of SHARDS) owned.take(shard, false);
  for (const each of [builds, policyDefinition('team-b', 'builds')]) pipelines.setPolicy(each);
  for (const key of ['team-a/open', 'team-b/open']) records.set(recordSummary({ key }));
  records.set(settledSummary({ key: 'team-a/settled' }));
  const drain = new RecordDrain({
    queue: queues.records,
    isOpen: (key) => records.get(key)?.isSettled === false || records.get(key)?.lacksAnnotation === true,
    waitsFor: () => false,
  });
  const retirements = { plan: ({ key }: RecordSummary): unknown => planned.push(key) };
  resync = new RecordResync({
    ...{ records, attempts, drain, retirements },
    owns: (namespace) => owned.owns(namespace),
    takeOver: ({ key }) => takenOver.push(key),
  });
  propagation = new ChangePropagation({
    pipelines,
    policyQueue: queues.policies,
    backendQueue: queues.backends,
    ceilingQueue: queues.ceilings,
    resyncQueue: queues.resyncs,
    rescanQueue: queues.rescans,
    owns: (namespace) => owned.owns(namespace),
    drain,
  });
  propagation.learned();
});

/** Runs the resync controller until its queue is empty. */
async function resynced(): Promise<void> {
  while (queues.resyncs.depth > 0) {
    const key = (await queues.resyncs.take()) ?? '';
    await resync.reconcile(key, new AbortController().signal);
    queues.resyncs.done(key);
  }
}

/** The keys among these that wait in the queue. */
function waiting(queue: { has(key: string): boolean }, ...keys: readonly string[]): string[] {
  return keys.filter((key) => queue.has(key));
}

const RECORDS = ['team-a/open', 'team-a/settled', 'team-b/open'];
const NAMESPACES = ['team-a', 'team-b', '*'];

describe('ChangePropagation', () => {
  it('a changed policy enqueues its runs and unfinished records, and nothing else', async () => {
    propagation.policyChanged(builds);
    await resynced();
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open']);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['team-a']);
    assert.deepEqual(waiting(queues.policies, 'SigningPolicy/team-a/builds', 'SigningPolicy/team-b/builds'), [
      'SigningPolicy/team-a/builds',
    ]);
  });

  it('a hundred backends that change within a second have a hundred policies looked at twice at most', async () => {
    const pipelines = new Pipelines('ops');
    for (let index = 0; index < 100; index += 1) pipelines.setPolicy(policyDefinition('team-c', `p${index}`));
    const { policies, resyncs, rescans } = queues;
    const drain = new RecordDrain({ queue: queues.records, isOpen: () => false, waitsFor: () => false });
    const crowded = new ChangePropagation({
      ...{ pipelines, drain, policyQueue: policies, backendQueue: queues.backends, ceilingQueue: queues.ceilings },
      ...{ resyncQueue: resyncs, rescanQueue: rescans },
      owns: () => true,
    });
    let looks = 0;
    for (let index = 0; index < 100; index += 1) {
      crowded.backendChanged({ kind: 'StorageBackend', namespace: 'team-c', name: `b${index}` });
      while (policies.depth > 0) {
        const key = (await policies.take()) ?? assert.fail();
        policies.done(key);
        looks += 1;
      }
      await clock.advance(10);
    }
    await clock.advance(1000);
    looks += policies.depth;
    assert.ok(looks >= 100 && looks <= 200, `${looks} looks`);
  });

  it('a policy whose runs may be annotated enqueues its stored records that lack annotations, and no others', async () => {
    const policy = policyDefinition('team-a', 'others');
    records.set(settledSummary({ key: 'team-a/lacks', lacksAnnotation: true }));
    records.set(settledSummary({ key: 'team-a/other', policy, lacksAnnotation: true }));
    records.set(settledSummary({ key: 'team-b/lacks', lacksAnnotation: true }));
    propagation.annotatingAllowed(builds);
    await resynced();
    const all = [...RECORDS, 'team-a/lacks', 'team-a/other', 'team-b/lacks'];
    assert.deepEqual(waiting(queues.records, ...all), ['team-a/lacks']);
  });

  it('a changed policy replans the retirement of its settled records', async () => {
    records.set(settledSummary({ key: 'team-b/settled' }));
    propagation.policyChanged(builds);
    await resynced();
    assert.deepEqual(planned, ['team-a/settled']);
  });

  it('a changed policy enqueues no settled record, and blocks the event loop for at most a slice', async () => {
    for (let index = 0; index < 20_000; index += 1) records.set(settledSummary({ key: `team-a/${index}` }));
    propagation.policyChanged(builds);
    assert.deepEqual([queues.resyncs.depth, planned.length], [1, 0]);
    let seen = 0;
    let longest = 0;
    const watching = new AbortController();
    const onTurn = (): void => {
      longest = Math.max(longest, planned.length - seen);
      seen = planned.length;
      if (!watching.signal.aborted) setImmediate(onTurn);
    };
    setImmediate(onTurn);
    await resynced();
    watching.abort();
    assert.equal(planned.length, 20_001);
    assert.ok(longest <= 1000, `${longest} records in one turn of the event loop`);
    assert.equal(queues.records.depth, 1);
  });

  it('a changed policy visits only the records of its namespace', async () => {
    const walked: unknown[] = [];
    const open = records.open.bind(records);
    records.open = (namespace) => {
      walked.push(namespace);
      return open(namespace);
    };
    propagation.policyChanged(builds);
    await resynced();
    assert.deepEqual(walked, ['team-a']);
  });

  it('a shard that is taken enqueues its open records, plans for its settled ones, and concerns no other shard', async () => {
    owned.drop(shardOf('team-b'));
    propagation.shardTaken(shardOf('team-a'));
    await resynced();
    assert.deepEqual(takenOver.toSorted(), ['team-a/open', 'team-a/settled']);
    assert.deepEqual([queues.records.has('team-a/open'), queues.records.has('team-b/open')], [true, false]);
    assert.equal(planned.includes('team-a/settled'), true);
  });

  it('a change in a namespace of another replica lists its runs once the shard is taken', () => {
    owned.drop(shardOf('team-a'));
    propagation.policyChanged(builds);
    assert.equal(queues.rescans.has('team-a'), false);
    owned.take(shardOf('team-a'), true);
    propagation.shardTaken(shardOf('team-a'));
    assert.equal(queues.rescans.has('team-a'), true);
  });

  it('a change of what ceilings allow in a namespace enqueues its policies, backends, runs and records, and no others', async () => {
    propagation.boundsChanged(new Set(['team-a']));
    assert.deepEqual([queues.policies.has('SigningPolicy/team-a/builds'), queues.policies.delayed], [true, 1]);
    assert.equal(queues.rescans.delayed, 1);
    await resynced();
    assert.deepEqual([queues.records.has('team-a/open'), queues.records.has('team-b/open')], [true, false]);
    assert.deepEqual(planned, ['team-a/settled'], 'the retention may be another');
  });

  it('new labels of a namespace may bring ceilings, once there are any', async () => {
    propagation.namespaceChanged('team-a');
    assert.equal(queues.policies.delayed, 0);
    pipelines.setCeiling({ name: 'teams', uid: 'u', generation: 1, spec: {} });
    propagation.namespaceChanged('team-a');
    assert.equal(queues.policies.has('SigningPolicy/team-a/builds'), true);
    await resynced();
    assert.equal(queues.records.has('team-a/open'), true);
  });

  it('a policy enqueues the others of its namespace where a ceiling bounds their number', () => {
    pipelines.setPolicy(policyDefinition('team-a', 'others'));
    propagation.policyChanged(builds);
    assert.equal(queues.policies.depth, 1);
    pipelines.setCeiling({ name: 'teams', uid: 'u', generation: 1, spec: { counts: { policies: 1 } } });
    propagation.policyChanged(builds);
    assert.equal(queues.policies.has('SigningPolicy/team-a/others'), true);
    assert.equal(queues.ceilings.delayed, 1, 'the ceiling counts again');
  });

  it('room that another namespace gave back has the definitions and runs of one listed again, after a pause', async () => {
    propagation.definitionsHaveRoom('team-a');
    assert.deepEqual([queues.rescans.depth, queues.rescans.delayed], [0, 1]);
    await clock.advance(10_000);
    assert.equal(queues.rescans.depth, 1);
  });

  it('a namespace that is gone has ceilings count again', () => {
    pipelines.setCeiling({ name: 'teams', uid: 'u', generation: 1, spec: {} });
    propagation.namespaceRemoved();
    assert.equal(queues.ceilings.delayed, 1);
  });

  it('the policies of a namespace report that runs wait for room', () => {
    propagation.roomChanged('team-a');
    assert.deepEqual([queues.policies.has('SigningPolicy/team-a/builds'), queues.policies.delayed], [true, 1]);
  });

  it('the first lists enqueue no record twice', () => {
    const learning = new ChangePropagation({
      pipelines: new Pipelines('ops'),
      policyQueue: queues.policies,
      backendQueue: queues.backends,
      ceilingQueue: queues.ceilings,
      resyncQueue: queues.resyncs,
      rescanQueue: queues.rescans,
      owns: () => true,
      drain: new RecordDrain({ queue: queues.records, isOpen: () => true, waitsFor: () => false }),
    });
    learning.policyChanged(builds);
    learning.backendChanged({ kind: 'StorageBackend', namespace: 'team-a', name: 'registry' });
    learning.namespaceChanged('team-a');
    assert.deepEqual([queues.resyncs.depth, queues.rescans.delayed], [0, 0]);
    learning.learned();
    learning.runsKnown();
    assert.equal(queues.resyncs.depth, 1);
  });

  it('a changed policy lets the new record of another team go first', async () => {
    for (let index = 0; index < 1000; index += 1) records.set(recordSummary({ key: `team-a/open-${index}` }));
    propagation.policyChanged(builds);
    await resynced();
    queues.records.add('team-b/new');
    assert.equal(await queues.records.take(), 'team-b/new');
  });

  it('a changed policy ends the back-off of its witnesses', async () => {
    const witnesses = (record: RecordKey): AttemptKey => ({ of: 'Witness', record });
    const ofPolicy: AttemptKey = { of: 'PolicyWitnesses', policy: builds };
    for (const key of [witnesses('team-a/open'), witnesses('team-b/open'), ofPolicy]) attempts.failed(key, 600);
    propagation.policyChanged(builds);
    await resynced();
    assert.equal(attempts.isDue(witnesses('team-a/open')), true);
    assert.equal(attempts.isDue(ofPolicy), true);
    assert.equal(attempts.isDue(witnesses('team-b/open')), false);
  });

  const storing = (name: string): AttemptKey => ({
    of: 'Store',
    record: 'team-a/open',
    backend: { kind: 'StorageBackend', name },
  });

  it('a changed backend ends the back-off of unfinished records', async () => {
    attempts.failed(storing('x'), 600);
    propagation.backendChanged({ kind: 'StorageBackend', namespace: 'team-a', name: 'registry' });
    await resynced();
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open']);
    assert.equal(attempts.isDue(storing('x')), true);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['team-a']);
  });

  const spec = effectiveStorageBackendSpec({ type: 'Tekton' });
  const backend = { kind: 'StorageBackend', namespace: 'team-a', name: 'b', uid: 'b', generation: 1, spec } as const;

  it('a backend that is ready again ends its own back-off, and no other', async () => {
    for (const name of ['b', 'other']) attempts.failed(storing(name), 600);
    propagation.backendHealthChanged(backend, true);
    await resynced();
    assert.equal(attempts.isDue(storing('b')), true);
    assert.equal(attempts.isDue(storing('other')), false);
  });

  it('a backend that fails again before its records are found gets none of them', async () => {
    propagation.backendHealthChanged(backend, true);
    propagation.backendHealthChanged(backend, false);
    await resynced();
    assert.deepEqual(waiting(queues.records, ...RECORDS), []);
  });

  const mendings = {
    'a probe says so': (): void => {
      propagation.backendHealthChanged(backend, true);
    },
    'it was edited': (): void => {
      propagation.backendChanged({ kind: 'StorageBackend', namespace: 'team-a', name: 'registry' });
    },
  };
  for (const [why, mend] of Object.entries(mendings)) {
    it(`a backend gets its waiting records, longest first, at the pace of the work on them, when ${why}`, async () => {
      records.remove('team-a/open');
      const order = Array.from({ length: 200 }, (_unused, index) => (index * 71) % 200);
      for (const minute of order) {
        const completionTime = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
        records.set(recordSummary({ key: `team-a/${minute}`, retained: { completionTime } }));
      }
      mend();
      await resynced();
      assert.equal(queues.records.depth, 32);
      assert.equal(queues.records.delayed, 0, 'nothing of it waits for a clock');
      assert.equal(await queues.records.take(), 'team-a/0');
      assert.equal(await queues.records.take(), 'team-a/1');
    });
  }

  it('a changed cluster backend affects every namespace', async () => {
    propagation.backendChanged({ kind: 'ClusterStorageBackend', namespace: '', name: 'archive' });
    await resynced();
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open', 'team-b/open']);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['*']);
  });

  it('changed labels of a namespace enqueue its runs and unfinished records', async () => {
    propagation.namespaceChanged('team-b');
    await resynced();
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-b/open']);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['team-b']);
  });

  it('the first complete list of runs plans the retirement of all settled records, and enqueues none', async () => {
    propagation.runsKnown();
    await resynced();
    assert.deepEqual(planned, ['team-a/settled']);
    assert.deepEqual(waiting(queues.records, ...RECORDS), []);
  });

  for (const isWorking of [true, false]) {
    it(`a key that ${isWorking ? 'works again' : 'fails differently'} enqueues the unfinished records of its policy, and no runs`, async () => {
      propagation.policyKeyChanged(builds, { isWorking });
      await resynced();
      assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open']);
      assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), []);
    });
  }

  it('a working key enqueues its policy at once, and a failing one after a pause', async () => {
    propagation.policyKeyChanged(builds, { isWorking: false });
    assert.deepEqual([queues.policies.depth, queues.policies.delayed], [0, 1]);
    await clock.advance(5000);
    assert.equal(queues.policies.depth, 1);
    queues.policies.done((await queues.policies.take()) ?? policyKey(builds));
    propagation.policyKeyChanged(builds, { isWorking: true });
    assert.equal(queues.policies.depth, 1);
  });
});
