// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { RecordDrain } from '../propagation/record-drain.ts';
import { ChangePropagation } from '../propagation/change-propagation.ts';
import { backendEventHandler } from './backend-event-handler.ts';
import { BackendHealth } from '../memory/backend-health.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';
import { DefinitionShares } from '../memory/definition-shares.ts';

const KEY = 'StorageBackend/team-a/registry';

function backend(version: { generation: number; resourceVersion: string; uid?: string }, status: object = {}): unknown {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'StorageBackend',
    metadata: {
      namespace: 'team-a',
      name: 'registry',
      uid: 'u',
      creationTimestamp: '2025-01-01T00:00:00Z',
      ...version,
    },
    spec: { type: 'Tekton' },
    status,
  };
}

function given() {
  const clock = new ManualClock();
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000 });
  const queue = <Key extends string>(): KeyedQueue<Key> => new KeyedQueue({ clock, backoff });
  const backendQueue = queue<BackendKey>();
  const rescanQueue = queue();
  const pipelines = new Pipelines('hallmark-system');
  const health = new BackendHealth();
  const others = new Set<string>();
  const propagation = new ChangePropagation({
    pipelines,
    policyQueue: queue(),
    backendQueue: queue(),
    ceilingQueue: queue(),
    resyncQueue: queue(),
    rescanQueue,
    owns: () => true,
    drain: new RecordDrain({ queue: queue(), isOpen: () => false, waitsFor: () => false }),
  });
  const handler = backendEventHandler({
    kind: 'StorageBackend',
    operatorNamespace: 'hallmark-system',
    pipelines,
    objects: new ObjectStore(),
    shares: new DefinitionShares('StorageBackends', {
      count: 3,
      objectBytes: 5000,
      bytes: { total: 50_000, perTenant: 50_000, assured: 0 },
    }),
    health,
    owns: (namespace) => !others.has(namespace),
    queue: backendQueue,
    propagation,
    onSynced: () => undefined,
  });
  return { handler, health, others, pipelines, propagation, rescanQueue, queue: backendQueue };
}

async function takenAfter(queue: KeyedQueue<BackendKey>, act: () => void): Promise<boolean> {
  act();
  if (queue.depth === 0) return false;
  const key = await queue.take();
  if (key !== undefined) queue.done(key);
  return true;
}

describe('backendEventHandler', () => {
  it('enqueues a backend when it is created, edited, recreated or deleted, but not when its status is written', async () => {
    const { handler, queue } = given();
    const upsert = (object: unknown) => () => {
      handler.upsert('team-a/registry', object, 'Event');
    };
    assert.equal(await takenAfter(queue, upsert(backend({ generation: 1, resourceVersion: '1' }))), true);
    const written = backend({ generation: 1, resourceVersion: '2' }, { conditions: [] });
    assert.equal(await takenAfter(queue, upsert(written)), false);
    assert.equal(await takenAfter(queue, upsert(backend({ generation: 2, resourceVersion: '3' }))), true);
    const anew = backend({ generation: 2, resourceVersion: '4', uid: 'v' });
    assert.equal(await takenAfter(queue, upsert(anew)), true);
    const remove = (): void => {
      handler.remove('team-a/registry', undefined, 'v');
    };
    assert.equal(await takenAfter(queue, remove), true);
    assert.equal(queue.has(KEY), false);
  });

  const rows = [
    ['Ready', { status: 'True', reason: 'Ready' }, 1, true, undefined],
    ['not Ready', { status: 'False', reason: 'BackendUnavailable' }, 1, true, 'BackendUnavailable'],
    ['of another generation', { status: 'True', reason: 'Ready' }, 2, false, undefined],
    ['for a reason that is none of ours', { status: 'False', reason: 'Odd' }, 1, false, undefined],
  ] as const;
  for (const [what, ready, generation, isProbed, reason] of rows) {
    it(`recalls the last probe of an earlier process from the status: ${what}`, () => {
      const { handler, health, pipelines } = given();
      const conditions = [{ type: 'Ready', message: 'why', lastTransitionTime: '2025-01-01T00:00:00Z', ...ready }];
      const status = { observedGeneration: 1, conditions };
      handler.upsert('team-a/registry', backend({ generation, resourceVersion: '1' }, status), 'Event');
      const known = pipelines.promisedBackend({ kind: 'SigningPolicy', namespace: 'team-a', name: 'p' }, 'team-a', {
        kind: 'StorageBackend',
        name: 'registry',
      });
      assert.ok(known !== undefined);
      assert.equal(health.isProbed(known), isProbed);
      assert.equal(health.problem(known)?.reason, reason);
    });
  }

  it('has those that are left out delivered again once one goes that was never used', () => {
    const { handler, propagation, rescanQueue } = given();
    for (const name of ['a', 'b', 'c', 'd']) {
      const metadata = { namespace: 'team-a', name, uid: name, resourceVersion: '1', generation: 1 };
      handler.upsert(`team-a/${name}`, { kind: 'StorageBackend', metadata, spec: { type: 'Odd' } }, 'List');
    }
    propagation.learned();
    handler.remove('team-a/a', undefined, 'a');
    assert.equal(rescanQueue.has('team-a'), true);
  });

  it("follows the status of a team's backend that another replica probes", () => {
    const { handler, health, others } = given();
    others.add('team-a');
    const name = { kind: 'StorageBackend', namespace: 'team-a', name: 'registry' } as const;
    const status = (ready: 'True' | 'False', reason: string): object => {
      const condition = {
        type: 'Ready',
        status: ready,
        reason,
        message: 'why',
        lastTransitionTime: '2025-01-01T00:00:00Z',
      };
      return { observedGeneration: 1, conditions: [condition] };
    };
    handler.upsert(
      'team-a/registry',
      backend({ generation: 1, resourceVersion: '1' }, status('True', 'Ready')),
      'Event',
    );
    assert.equal(health.problem(name), undefined);
    const down = status('False', 'BackendUnavailable');
    handler.upsert('team-a/registry', backend({ generation: 1, resourceVersion: '2' }, down), 'Event');
    assert.equal(health.problem(name)?.reason, 'BackendUnavailable');
  });
});
