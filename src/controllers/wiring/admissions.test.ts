// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { shardOf } from '../../runtime/shards/shard.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { OwnedShards } from '../memory/owned-shards.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';
import { EVERYWHERE } from '../propagation/change-propagation.ts';
import type { Admissions } from '../shares/controller-queues.ts';
import { admissions } from './admissions.ts';

describe('the queues of a replica', () => {
  let shards: OwnedShards;
  let admits: Admissions;
  let known: Set<string>;
  beforeEach(() => {
    shards = new OwnedShards(new ManualClock());
    known = new Set();
    const objects = { policies: new ObjectStore<PolicyKey>(), backends: new ObjectStore<BackendKey>() };
    objects.policies.set('SigningPolicy/team-a/p', {});
    objects.policies.set('SigningPolicy/team-b/p', {});
    objects.policies.set('ClusterSigningPolicy//p', {});
    const knows = { has: (key: string) => known.has(key) };
    admits = admissions({
      context: { shards, unconfirmedStores: knows, unrecordedTestimonies: { has: () => false } },
      caches: { run: { isIrreplaceable: (key) => key.endsWith('/deleted') } },
      objects,
    });
  });

  it('admit the keys of its own shards only', () => {
    shards.take(shardOf('team-a'), false);
    assert.deepEqual([admits.run('TaskRun/team-a/r/1'), admits.run('TaskRun/team-b/r/1')], [true, false]);
    for (const name of ['provenance-record', 'verification', 'retirement'] as const)
      assert.deepEqual([admits[name]('team-a/r'), admits[name]('team-b/r')], [true, false]);
    const policies = admits['signing-policy'];
    assert.deepEqual([policies('SigningPolicy/team-a/p'), policies('SigningPolicy/team-b/p')], [true, false]);
    assert.deepEqual(
      [admits.rescan('team-a'), admits.rescan('team-b'), admits.rescan(EVERYWHERE)],
      [true, false, true],
    );
  });

  it('admit cluster policies while it works at all, and always what is to be forgotten', () => {
    assert.equal(admits['signing-policy']('ClusterSigningPolicy//p'), false);
    shards.take(shardOf('team-a'), false);
    assert.equal(admits['signing-policy']('ClusterSigningPolicy//p'), true);
    assert.equal(admits['signing-policy']('SigningPolicy/team-b/gone'), true);
  });

  it('admit of a shard that is given up what no other replica can do', () => {
    shards.take(shardOf('team-a'), false);
    shards.leave(shardOf('team-a'));
    assert.deepEqual([admits.run('TaskRun/team-a/r/1'), admits.run('TaskRun/team-a/r/deleted')], [false, true]);
    known.add('team-a/stored');
    const records = admits['provenance-record'];
    assert.deepEqual([records('team-a/open'), records('team-a/stored')], [false, true]);
    shards.drop(shardOf('team-a'));
    assert.deepEqual([admits.run('TaskRun/team-a/r/deleted'), records('team-a/stored')], [false, false]);
  });
});
