// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { effectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { PolicyDefinition } from '../pipelines/definitions.ts';
import { Pipelines } from '../pipelines/pipelines.ts';
import { readPolicy } from '../pipelines/read-policy.ts';
import { exponentialBackoff } from '../runtime/backoff.ts';
import { KeyedQueue } from '../runtime/keyed-queue.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { RecordIndex, type RecordSummary } from './provenance-record/record-index.ts';
import { StoreAttempts } from './provenance-record/store-attempts.ts';
import { Repercussions } from './repercussions.ts';

const clock = new ManualClock();
const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000, jitter: 0 });
let queues: { policies: KeyedQueue; records: KeyedQueue; rescans: KeyedQueue };
let attempts: StoreAttempts;
let records: RecordIndex;
let repercussions: Repercussions;
let builds: PolicyDefinition;

beforeEach(() => {
  const queue = (): KeyedQueue => new KeyedQueue({ clock, backoff });
  queues = { policies: queue(), records: queue(), rescans: queue() };
  attempts = new StoreAttempts(clock, backoff);
  const pipelines = new Pipelines('ops');
  records = new RecordIndex();
  builds = policy('team-a', 'builds');
  for (const each of [builds, policy('team-b', 'builds')]) pipelines.setPolicy(each);
  for (const [namespace, isSettled] of [
    ['team-a', false],
    ['team-a', true],
    ['team-b', false],
  ] as const) {
    records.set(record(namespace, isSettled ? 'settled' : 'open', isSettled));
  }
  repercussions = new Repercussions({
    pipelines,
    records,
    attempts,
    policyQueue: queues.policies,
    recordQueue: queues.records,
    rescanQueue: queues.rescans,
  });
  repercussions.learned();
});

function record(namespace: string, name: string, isSettled: boolean): RecordSummary {
  const facts = {
    isTrusted: true,
    needsRun: false,
    isHeld: false,
    unverifiedCount: 0,
    annotatesRun: false,
    reason: 'Progressing',
  } as const;
  const key = `${namespace}/${name}`;
  return { key, uid: key, policy: { kind: 'SigningPolicy', namespace, name: 'builds' }, isSettled, ...facts };
}

function policy(namespace: string, name: string): PolicyDefinition {
  const metadata = {
    namespace,
    name,
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2025-01-01T00:00:00Z',
  };
  const spec = { signer: { type: 'Key', key: { secretRef: { name: 'k' } } } };
  const object = { apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy', metadata, spec };
  const read = readPolicy(object, 'ops');
  assert.ok(read !== undefined);
  return read;
}

/** Which of the keys wait in the queue, now or later. */
function waiting(queue: KeyedQueue, ...keys: readonly string[]): string[] {
  return keys.filter((key) => queue.has(key));
}

const RECORDS = ['team-a/open', 'team-a/settled', 'team-b/open'];
const NAMESPACES = ['team-a', 'team-b', '*'];

describe('Repercussions', () => {
  it('a policy that changed has its runs and all its records looked at, and nobody else', () => {
    repercussions.policyChanged(builds);
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open', 'team-a/settled']);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['team-a']);
    assert.deepEqual(waiting(queues.policies, 'SigningPolicy/team-a/builds', 'SigningPolicy/team-b/builds'), [
      'SigningPolicy/team-a/builds',
    ]);
  });

  it('a policy that changed has its witnesses asked at once, whatever their back-off', () => {
    for (const key of ['team-a/open', 'team-b/open', 'SigningPolicy/team-a/builds'])
      attempts.failed(key, 'witnesses', 600);
    repercussions.policyChanged(builds);
    assert.equal(attempts.isDue('team-a/open', 'witnesses'), true);
    assert.equal(attempts.isDue('SigningPolicy/team-a/builds', 'witnesses'), true);
    assert.equal(attempts.isDue('team-b/open', 'witnesses'), false);
  });

  it('a backend that changed has unfinished records tried anew, whatever their back-off', () => {
    attempts.failed('team-a/open', 'StorageBackend/x', 600);
    repercussions.backendChanged('StorageBackend', 'team-a');
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open']);
    assert.equal(attempts.isDue('team-a/open', 'StorageBackend/x'), true);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['team-a']);
  });

  const spec = effectiveStorageBackendSpec({ type: 'Tekton' });
  const backend = { kind: 'StorageBackend', namespace: 'team-a', name: 'b', uid: 'b', generation: 1, spec } as const;

  it('a backend that is ready again ends its own back-off, and not that which another asked for', () => {
    for (const name of ['b', 'other']) attempts.failed('team-a/open', `StorageBackend/${name}`, 600);
    repercussions.backendHealthChanged(backend, true);
    assert.equal(attempts.isDue('team-a/open', 'StorageBackend/b'), true);
    assert.equal(attempts.isDue('team-a/open', 'StorageBackend/other'), false);
  });

  const mendings = {
    'a probe says so': (): void => {
      repercussions.backendHealthChanged(backend, true);
    },
    'it was edited': (): void => {
      repercussions.backendChanged('StorageBackend', 'team-a');
    },
  };
  for (const [why, mend] of Object.entries(mendings)) {
    it(`a backend gets what waited for it at fifty a second when ${why}`, async () => {
      for (let index = 0; index < 200; index += 1) records.set(record('team-a', `parked-${index}`, false));
      mend();
      assert.ok(queues.records.depth <= 1, `${queues.records.depth} at once`);
      await clock.advance(1000);
      assert.ok([50, 51].includes(queues.records.depth), `${queues.records.depth} after a second`);
    });
  }

  it('a cluster backend that changed concerns every namespace', () => {
    repercussions.backendChanged('ClusterStorageBackend', '');
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open', 'team-b/open']);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['*']);
  });

  it('a namespace with other labels has its runs looked at and its unfinished records tried', () => {
    repercussions.namespaceChanged('team-b');
    assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-b/open']);
    assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), ['team-b']);
  });

  for (const isWorking of [true, false]) {
    it(`a key that ${isWorking ? 'works again' : 'fails otherwise'} has the unfinished records of its policy looked at, and no runs`, () => {
      repercussions.policyKeyChanged(builds, { isWorking });
      assert.deepEqual(waiting(queues.records, ...RECORDS), ['team-a/open']);
      assert.deepEqual(waiting(queues.rescans, ...NAMESPACES), []);
    });
  }

  it('a key that works has its policy say so at once, and one that fails after a pause', async () => {
    repercussions.policyKeyChanged(builds, { isWorking: false });
    assert.deepEqual([queues.policies.depth, queues.policies.delayed], [0, 1]);
    await clock.advance(5000);
    assert.equal(queues.policies.depth, 1);
    queues.policies.done((await queues.policies.take()) ?? '');
    repercussions.policyKeyChanged(builds, { isWorking: true });
    assert.equal(queues.policies.depth, 1);
  });
});
