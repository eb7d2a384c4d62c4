// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseOperatorConfiguration } from '../../config/operator-configuration.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { LEFT_BEHIND } from '../child-notes/child-note-key.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import { controllerParts } from './controller-parts.ts';

const { signal } = new AbortController();
const p = { namespace: 'team-a', uid: 'p' };

function partsOf({ context, clock }: ReconcilerWorld) {
  const file = { apiVersion: 'config.hallmark.dev/v1alpha1', kind: 'OperatorConfiguration' };
  const text = JSON.stringify({ ...file, operatorNamespace: 'hallmark-system' });
  const configuration = parseOperatorConfiguration(text, 'the test', {});
  return controllerParts({ context, clock, configuration, queueObserver: () => ({}) });
}

describe('the queue of the notes of children', () => {
  it('has a PipelineRun of many recorded notes wait, so that those that come meanwhile share a write, but not its end', async () => {
    const world = new ReconcilerWorld();
    const queue = partsOf(world).queues['child-notes'];
    const { finishNotes } = world.context;
    finishNotes.open(p.uid, p.namespace);
    finishNotes.setRecorded(p.uid, true);
    assert.deepEqual([queue.depth, queue.delayed], [1, 0]);
    queue.remove('team-a/p');
    for (let index = 0; index < 1000; index += 1)
      finishNotes.restore(p.uid, `${index}`, {
        note: { uid: `${index}`, digest: '', isLater: false },
        isOutdated: false,
      });
    for (const key of ['a', 'b'])
      finishNotes.note({ namespace: p.namespace, parentUID: p.uid, key, uid: key, digest: () => '' }, false);
    assert.deepEqual([queue.depth, queue.delayed], [0, 1]);
    await world.clock.advance(2000);
    assert.deepEqual([queue.depth, queue.delayed], [1, 0]);
    queue.remove('team-a/p');
    finishNotes.forget(p.uid);
    assert.deepEqual([queue.depth, queue.delayed], [1, 0]);
  });

  it('has what was left behind looked for once the operator may record notes again', async () => {
    const world = new ReconcilerWorld();
    const queue = partsOf(world).queues['child-notes'];
    await world.setPolicy({ children: { notes: 'Recorded' } });
    const { childNotes } = world.context;
    world.api.intercept = () => {
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    };
    await assert.rejects(childNotes.remove(p, signal));
    assert.equal(queue.has(LEFT_BEHIND), false);
    world.api.intercept = (_request, serve) => serve();
    await childNotes.remove(p, signal);
    assert.equal(queue.has(LEFT_BEHIND), true);
  });
});
