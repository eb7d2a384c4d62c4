// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { standardRetention } from '../../../api/v1alpha1/signing-policy/retention.ts';
import { field } from '../../../json/fields.ts';
import { KubeError } from '../../../kube/kube-error.ts';
import { Pipelines } from '../../../pipelines/pipelines.ts';
import { exponentialBackoff } from '../../../runtime/queue/backoff.ts';
import { Controller } from '../../../runtime/queue/controller.ts';
import { KeyedQueue } from '../../../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { silentObserver } from '../../fixtures/silent-observer.fixture.ts';
import { ModelApi } from '../../../kube/model-api.fixture.ts';
import { policyDefinition } from '../../../pipelines/policy-definition.fixture.ts';
import { ExistingRuns } from '../../memory/runs/existing-runs.fixture.ts';
import { RunIndex } from '../../memory/runs/run-index.ts';
import { OwnWrites } from '../../memory/records/own-writes.ts';
import { RecordIndex } from '../../memory/records/record-index.ts';
import { RetirementMarks } from '../../memory/retirement-marks.ts';
import { settledSummary } from '../../../records/record-summary.fixture.ts';
import { RecordWriter } from '../../../records/record-writer.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { TurnLine } from '../../../runtime/turn-line.ts';
import { FailingSeals } from '../../memory/records/failing-seals.ts';
import { Retirements } from './retirements.ts';

const COMPLETED = '2026-01-02T03:00:00Z';
const START = new Date('2026-01-02T03:04:05Z');
const retained = { completionTime: COMPLETED } as const;
const hour = { record: { retention: 'Seconds', seconds: 3600 } };
const withRun = { record: { retention: 'WithRun' } };
const HOUR_LEFT_MS = Date.parse(COMPLETED) + 3_600_000 - START.getTime();

interface Deletion {
  readonly name: unknown;
  readonly uid: unknown;
  readonly resourceVersion: unknown;
}

const policyObject = { metadata: { namespace: 'team-a', name: 'builds', uid: 'p', resourceVersion: '1' } };

function setup(t: { after: (end: () => Promise<unknown>) => void }, policySpec?: object, maxSeconds = 0) {
  const clock = new ManualClock(START);
  const queue = new KeyedQueue({ clock, backoff: exponentialBackoff({ minMs: 1000, maxMs: 1000, jitter: 0 }) });
  const records = new RecordIndex();
  const runs = new RunIndex();
  const pipelines = new Pipelines('ops', { ...standardRetention, maxSeconds });
  if (policySpec !== undefined) pipelines.setPolicy(policyDefinition('team-a', 'builds', policySpec));
  const deletions: Deletion[] = [];
  const refusals: KubeError[] = [];
  const retired: string[] = [];
  const api = new ModelApi(clock);
  api.intercept = ({ verb, resource, path, body }) => {
    // The policy records until when its runs have retired.
    if (resource.startsWith('signingpolicies')) return verb === 'get' ? policyObject : body;
    assert.equal(verb, 'delete', `nothing is read or written to retire a record: ${verb} ${resource}`);
    const preconditions = field(body, 'preconditions');
    const [uid, resourceVersion] = [field(preconditions, 'uid'), field(preconditions, 'resourceVersion')];
    deletions.push({ name: path.split('/').at(-1), uid, resourceVersion });
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    return {};
  };
  const { client } = api;
  const fence = (): void => undefined;
  const writer = new RecordWriter({
    client,
    sealKey: new SecretValue(Buffer.alloc(32)),
    fence,
    index: records,
    ownWrites: new OwnWrites(clock),
    failingSeals: new FailingSeals({ clock, namespaces: () => [] }),
  });
  const context = {
    client,
    clock,
    fence,
    statusLine: new TurnLine(),
    writer,
    retirementMarks: new RetirementMarks(clock),
    observer: { ...silentObserver, recordRetired: ({ key }: { readonly key: string }): unknown => retired.push(key) },
    pipelines,
    records,
    runs,
  };
  const retirements = new Retirements({ context, queue });
  const controller = new Controller({
    name: 'retirement',
    concurrency: 2,
    reconcile: (key, signal) => retirements.reconcile(key, signal),
    queue,
    clock,
  });
  controller.start();
  t.after(() => controller.stop(0));
  return { clock, queue, records, runs, pipelines, retirements, deletions, refusals, retired };
}

describe('Retirements', () => {
  it('removes each record when its time is over, in the indexed version, and reads nothing', async (t) => {
    const { clock, records, retirements, deletions } = setup(t, hour);
    for (let index = 0; index < 100; index += 1) {
      const record = settledSummary({ key: `team-a/${index}`, resourceVersion: String(index), retained });
      records.set(record);
      retirements.plan(record);
    }
    await clock.advance(HOUR_LEFT_MS - 1000);
    assert.deepEqual(deletions, []);
    // A record that retires while the policy's mark is written waits for the next mark.
    await clock.advance(300_000);
    assert.equal(deletions.length, 100);
    const seventh = deletions.filter(({ resourceVersion }) => resourceVersion === '7');
    assert.deepEqual(seventh, [{ name: '7', uid: 'uid-of-team-a/7', resourceVersion: '7' }]);
  });

  it('keeps a record that is not settled, is kept for ever, or is kept with an existing run', async (t) => {
    const unsettled = setup(t, hour);
    const kept = setup(t, { record: { retention: 'Keep' } });
    const together = setup(t, withRun);
    for (const kind of ['TaskRun', 'PipelineRun'] as const) together.runs.synced(kind);
    new ExistingRuns(together.runs).add(settledSummary().runKey ?? assert.fail());
    for (const { bed, record } of [
      { bed: unsettled, record: settledSummary({ isSettled: false, retained }) },
      { bed: kept, record: settledSummary({ retained }) },
      { bed: together, record: settledSummary({ retained }) },
    ]) {
      bed.records.set(record);
      bed.retirements.plan(record);
      await bed.clock.advance(10 * HOUR_LEFT_MS);
      assert.deepEqual([bed.deletions.length, bed.queue.depth, bed.queue.delayed], [0, 0, 0]);
    }
  });

  it('removes a record with its run, and waits while runs are unknown', async (t) => {
    const { clock, records, runs, retirements, deletions, queue } = setup(t, withRun);
    const record = settledSummary({ retained });
    records.set(record);
    retirements.plan(record);
    await clock.advance(HOUR_LEFT_MS);
    assert.deepEqual([deletions.length, queue.depth, queue.delayed], [0, 0, 0]);
    for (const kind of ['TaskRun', 'PipelineRun'] as const) runs.synced(kind);
    retirements.plan(record);
    await clock.advance(1);
    assert.equal(deletions.length, 1);
  });

  it('follows the current retention, sooner and later', async (t) => {
    const { clock, records, pipelines, retirements, deletions } = setup(t, hour);
    const record = settledSummary({ retained });
    records.set(record);
    retirements.plan(record);
    pipelines.setPolicy(policyDefinition('team-a', 'builds', { record: { retention: 'Seconds', seconds: 7200 } }));
    retirements.plan(record);
    await clock.advance(HOUR_LEFT_MS + 60_000);
    assert.equal(deletions.length, 0);
    pipelines.setPolicy(policyDefinition('team-a', 'builds', { record: { retention: 'Seconds', seconds: 60 } }));
    retirements.plan(record);
    await clock.advance(1);
    assert.equal(deletions.length, 1);
  });

  it('gives a deleted policy a minute to come back, and then follows the frozen retention', async (t) => {
    const { clock, records, retirements, deletions } = setup(t);
    const record = settledSummary({ retained: { ...retained, retention: { type: 'Seconds', seconds: 60 } } });
    records.set(record);
    retirements.plan(record);
    await clock.advance(59_000);
    assert.equal(deletions.length, 0);
    await clock.advance(1000);
    assert.equal(deletions.length, 1);
  });

  it("follows the platform's limit where a deleted policy kept records for ever", async (t) => {
    const { clock, records, retirements, deletions } = setup(t, undefined, 3600);
    for (const [index, retention] of [undefined, { type: 'Keep' } as const, { type: 'WithRun' } as const].entries()) {
      const frozen = retention === undefined ? {} : { retention };
      const record = settledSummary({ key: `team-a/${index}`, retained: { ...retained, ...frozen } });
      records.set(record);
      retirements.plan(record);
    }
    await clock.advance(HOUR_LEFT_MS - 1);
    assert.equal(deletions.length, 0);
    await clock.advance(1);
    assert.equal(deletions.length, 3);
  });

  it('decides again about a changed record, and reports each removed one', async (t) => {
    const { clock, records, retirements, deletions, refusals, retired } = setup(t, hour);
    const record = settledSummary({ retained });
    records.set(record);
    retirements.plan(record);
    refusals.push(new KubeError({ status: 409, reason: 'Conflict', message: 'it changed' }));
    await clock.advance(HOUR_LEFT_MS);
    assert.equal(records.isRetiring(record.key), false);
    records.set({ ...record, resourceVersion: '2' });
    await clock.advance(1000);
    assert.deepEqual(
      deletions.map(({ resourceVersion }) => resourceVersion),
      ['1', '2'],
    );
    assert.deepEqual(retired, [record.key]);
    assert.equal(records.isRetiring(record.key), true);
  });

  it('leaves nothing behind of a record that is gone', async (t) => {
    const { clock, records, retirements, deletions, queue } = setup(t, hour);
    const record = settledSummary({ retained });
    records.set(record);
    retirements.plan(record);
    records.remove(record.key);
    retirements.forget(record.key);
    assert.equal(queue.delayed, 0);
    await clock.advance(HOUR_LEFT_MS);
    assert.equal(deletions.length, 0);
  });
});
