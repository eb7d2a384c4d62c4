// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { shardOf } from '../../runtime/shards/shard.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import { LEFT_BEHIND } from '../child-notes/child-note-key.ts';
import { emptyMemory, type Memory } from '../memory/memory.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { ChangePropagation } from '../propagation/change-propagation.ts';
import { RecordDrain } from '../propagation/record-drain.ts';
import { LAST_STATES, LastStates } from '../run/last-states.ts';
import { controllerQueues, type ControllerQueues } from '../shares/controller-queues.ts';
import { ShardWork } from './shard-work.ts';

const shard = shardOf('team-a');
const bake: RunKey = 'TaskRun/team-a/bake/1';

describe('the work of a shard', () => {
  let memory: Memory;
  let queues: ControllerQueues;
  let propagation: ChangePropagation;
  let work: ShardWork;
  beforeEach(() => {
    const clock = new ManualClock();
    const backoff = exponentialBackoff({ minMs: 1, maxMs: 1, jitter: 0 });
    memory = emptyMemory({ clock, operatorNamespace: 'ops' });
    const all = (): boolean => true;
    queues = controllerQueues({
      clock,
      backoff,
      observer: () => ({}),
      admissions: {
        ...{ run: all, 'provenance-record': all, verification: all, retirement: all, 'signing-policy': all },
        ...{ 'storage-backend': all, 'policy-ceiling': all, rescan: all, resync: all, 'deletion-guard': all },
        'child-notes': all,
      },
    });
    const drain = new RecordDrain({ queue: queues['provenance-record'], isOpen: () => false, waitsFor: () => false });
    propagation = new ChangePropagation({
      ...{ pipelines: memory.pipelines, drain, owns: (namespace) => memory.shards.owns(namespace) },
      ...{ policyQueue: queues['signing-policy'], backendQueue: queues['storage-backend'] },
      ...{ ceilingQueue: queues['policy-ceiling'], resyncQueue: queues.resync, rescanQueue: queues.rescan },
    });
    propagation.learned();
    const run = new ByteBudgetCache<unknown, RunKey>(1000, LAST_STATES);
    work = new ShardWork({
      ...{ context: memory, clock, queues, propagation, drain, graceSeconds: 1 },
      caches: { run, 'provenance-record': new ByteBudgetCache(1000) },
      lastStates: new LastStates({ cache: run, events: { record: () => undefined } }),
      objects: { policies: new ObjectStore(), backends: new ObjectStore(), ceilings: new ObjectStore() },
      namespaces: () => [],
      missingRecords: () => [],
    });
    const finalizers = [DELETION_GUARD];
    memory.guardedRuns.set({ key: bake, resourceVersion: '1', finalizers, isFinished: true, holds: [] });
  });

  it('that is taken decides about the runs that are kept', () => {
    work.take(shard, { isUncertain: false });
    assert.equal(queues['deletion-guard'].has(bake), true);
    assert.ok(memory.guardedRuns.get(bake) !== undefined);
  });

  it('that is taken has notes removed that were left behind, where a policy asks for notes', () => {
    work.take(shard, { isUncertain: false });
    assert.equal(queues['child-notes'].has(LEFT_BEHIND), false);
    memory.pipelines.setPolicy(policyDefinition('team-b', 'builds', { children: { notes: 'Recorded' } }));
    work.take(shard, { isUncertain: false });
    assert.equal(queues['child-notes'].has(LEFT_BEHIND), true);
  });

  it('that is taken has the notes of its children recorded', () => {
    memory.finishNotes.open('p', 'team-a');
    work.take(shard, { isUncertain: false });
    assert.equal(queues['child-notes'].has('team-a/p'), false);
    memory.finishNotes.setRecorded('p', true);
    work.take((shard + 1) % 16, { isUncertain: false });
    assert.equal(queues['child-notes'].has('team-a/p'), false);
    work.take(shard, { isUncertain: false });
    assert.equal(queues['child-notes'].has('team-a/p'), true);
  });

  it('that is taken again, or was left, has the notes of its children read again', async () => {
    const recording = (uid: string) => {
      const found = memory.finishNotes.recorded(uid)?.recording;
      assert.ok(found !== undefined);
      return found;
    };
    const read = (uid: string): void => {
      recording(uid).isRead = true;
      recording(uid).written.set('a', { uid: 'a', digest: '', isLater: false });
    };
    const state = (uid: string) => [recording(uid).isRead, recording(uid).written.size];
    const other = Array.from({ length: 100 }, (_, index) => `team-${index}`).find((name) => shardOf(name) !== shard);
    for (const [uid, namespace] of [
      ['p', 'team-a'],
      ['q', other ?? ''],
    ] as const) {
      memory.finishNotes.open(uid, namespace);
      memory.finishNotes.setRecorded(uid, true);
      read(uid);
    }
    work.take(shard, { isUncertain: false });
    assert.deepEqual(
      [state('p'), state('q')],
      [
        [false, 0],
        [true, 1],
      ],
    );
    read('p');
    await work.lose(shard);
    assert.deepEqual(
      [state('p'), state('q')],
      [
        [false, 0],
        [true, 1],
      ],
    );
  });

  it('that is taken reads a run that is kept before it decides, where a policy changed while the shard was the work of another replica', () => {
    propagation.policyChanged(policyDefinition('team-a', 'builds'));
    work.take(shard, { isUncertain: false });
    assert.equal(queues['deletion-guard'].has(bake), true);
    assert.deepEqual([memory.guardedRuns.has(bake), memory.guardedRuns.get(bake)], [true, undefined]);
  });
});
