// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at } from '../chart/helm.ts';
import { endAgain } from '../harness/end-again.ts';
import { Installation } from '../harness/installation.ts';
import { conditionOf } from '../harness/record.ts';
import { burntRun, NAMESPACE, plainRun } from './bakery-pipeline.ts';
import { bakeryPolicies, stories } from './bakery-policies.ts';
import { Bakery, type BakeryRun } from './bakery.ts';
import { Kitchen } from './kitchen.ts';
import { byProducts, recordedPayloads, statementOf, warningsOf } from './stated.ts';
import { annotatedEnvelope, opened } from './stored-envelope.ts';

/** Long enough to have a run selected and recorded within it on a busy machine. */
const CHILDREN_DEADLINE_SECONDS = 25;

describe('runs that did not end as they should', { concurrency: true }, () => {
  let installation: Installation;
  let bakery: Bakery;

  before(async () => {
    const values = [`config.children.deadlineSeconds=${CHILDREN_DEADLINE_SECONDS}`];
    installation = await Installation.start({ label: 'unsuccessful-runs', replicas: 1, values });
    const kitchen = await Kitchen.open(installation.testbed.registry());
    installation.testbed.nodeAgent.setTektonBehaviour(kitchen.behaviour);
    bakery = await Bakery.open(installation);
  });
  after(() => installation.stop());

  /** Asserts that the run's annotations hold the same payload as the record and `hallmark preview`, signed with the policy's key. */
  async function assertStored(run: BakeryRun, policy: 'unsuccessful' | 'orphan'): Promise<void> {
    const payloads = recordedPayloads(await bakery.record(run, policy));
    assert.deepEqual(payloads, await bakery.preview(run, policy));
    const envelope = annotatedEnvelope(await bakery.object(run));
    const { publicKey } = bakeryPolicies[policy].key;
    assert.deepEqual(opened(envelope, publicKey), { payload: payloads[0]?.payload, isSigned: true });
  }

  it('a failed TaskRun is signed as Failed by a policy that says so', async () => {
    const burnt = await bakery.start(burntRun('burnt-1'));
    await bakery.untilFinished(burnt, 'False');
    await bakery.label(burnt, stories.unsuccessful);
    const record = await bakery.record(burnt, 'unsuccessful');
    assert.equal(record.spec.outcome, 'Failed');
    assert.equal(conditionOf(record)?.reason, 'Stored');
    assert.equal(byProducts(statementOf(record)).get('hallmark/outcome'), 'Failed');
    await assertStored(burnt, 'unsuccessful');
  });

  it('a cancelled PipelineRun is signed as Cancelled, and its TaskRun too', async () => {
    const halted = await bakery.start(plainRun('halted-1', ['simmer']));
    const pod = ['pod', '-l', 'tekton.dev/pipelineRun=halted-1', '-n', NAMESPACE];
    await installation.wait(NAMESPACE, 'taskrun/halted-1-simmer', 'jsonpath={.status.podName}');
    await installation.kubectl(['wait', ...pod, '--for=jsonpath={.spec.nodeName}', '--timeout=60s']);
    await installation.patch(NAMESPACE, 'pipelinerun/halted-1', { spec: { status: 'Cancelled' } });
    await bakery.untilFinished(halted, 'False');
    await bakery.label(halted, stories.unsuccessful);
    const [simmer, ...others] = await bakery.taskRuns(halted);
    assert.deepEqual(others, []);
    assert.ok(simmer);
    for (const run of [halted, simmer]) {
      const record = await bakery.record(run, 'unsuccessful');
      assert.equal(record.spec.outcome, 'Cancelled');
      assert.equal(byProducts(statementOf(record)).get('hallmark/outcome'), 'Cancelled');
      assert.deepEqual(warningsOf(record), [
        // Tekton deletes the pod of a cancelled TaskRun before its step has an image.
        'MaterialMissing: the image of step "work" of TaskRun halted-1-simmer is not among the materials: its imageID is empty',
      ]);
      await assertStored(run, 'unsuccessful');
    }
  });

  it('runs that succeed are none of that policy', async () => {
    const fine = await bakery.start(plainRun('fine-1', ['knead'], stories.unsuccessful));
    const burnt = await bakery.start(burntRun('burnt-2', stories.unsuccessful));
    await bakery.untilFinished(fine);
    await bakery.untilFinished(burnt, 'False');
    await bakery.record(burnt, 'unsuccessful');
    const records = await installation.list(['provenancerecords', '-n', NAMESPACE]);
    const names = records.map((record) => String(at(record, 'spec', 'runRef', 'name')));
    assert.ok(names.includes('burnt-2'));
    assert.ok(!names.some((name) => name.startsWith('fine-1')));
  });

  it('a PipelineRun whose TaskRun is gone is ChildMissing, then signed without it, and the record says so', async () => {
    const orphan = await bakery.start(plainRun('orphan-1', ['knead', 'prove']));
    await bakery.untilFinished(orphan);
    await installation.delete(NAMESPACE, 'taskrun/orphan-1-prove');
    await endAgain(installation, NAMESPACE, 'orphan-1');
    await bakery.label(orphan, stories.orphan);

    const waiting = await bakery.record(orphan, 'orphan', 'jsonpath={.status.reason}=ChildMissing');
    assert.equal(conditionOf(waiting)?.status, 'False');
    assert.match(conditionOf(waiting)?.message ?? '', /child TaskRun orphan-1-prove is not there/);
    assert.deepEqual(recordedPayloads(waiting), []);

    const record = await bakery.record(orphan, 'orphan');
    assert.equal(conditionOf(record)?.reason, 'Stored');
    assert.deepEqual(warningsOf(record), ['ChildMissing: child TaskRun orphan-1-prove is gone: stated without it']);
    assert.equal(conditionOf(record, 'Complete')?.reason, 'ChildMissing');
    await assertStored(orphan, 'orphan');
  });
});
