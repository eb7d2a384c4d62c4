// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { recordName } from '../../src/records/record-name.ts';
import { asManifest, at, type Manifest, releaseNamespace } from '../chart/helm.ts';
import { conditionOf, parseRecord } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { recordedPayloads, statementOf, subjectTexts, warningsOf } from '../provenance/stated.ts';
import { childMetadata, childReference, managedRuns } from '../resilience/managed-runs.ts';
import { CommandFailed } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { HostileBed } from './hostile-bed.ts';
import { TeamAttacker } from './team-attacker.ts';

const POLICY = { kind: 'ClusterSigningPolicy', namespace: '', name: 'releases' } as const;
const EVIL = 'evil/builder';
const [managedBy] = managedRuns.runs.managedBy;

/** A PipelineRun whose one child has finished, and that runs itself. */
interface Pipeline {
  readonly run: Manifest;
  readonly name: string;
  readonly uid: string;
  readonly child: string;
  readonly image: PushedImage;
}

describe('a finished child of a PipelineRun that a team replaces', () => {
  let bed: HostileBed;
  let attacker: TeamAttacker;
  const signal = new AbortController().signal;

  before(async () => {
    bed = await HostileBed.start({ label: 'forged-children', tekton: 'Kinds' });
    attacker = await TeamAttacker.enter(bed);
    const metadata = { name: 'platform-key', namespace: releaseNamespace };
    const { host } = bed.team.registry;
    await bed.installation.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'x509.pem': newSigningKey().privateKey } },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ClusterStorageBackend',
        metadata: { name: 'platform' },
        spec: { type: 'Tekton', artifacts: ['Attestation'] },
      },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ClusterSigningPolicy',
        metadata: { name: POLICY.name },
        spec: {
          runs: { ...managedRuns.runs, kinds: ['PipelineRun'] },
          attestation: { deepInspection: true },
          subjects: { allowedRepositories: [`${host}/*`] },
          signer: { type: 'Key', key: { secretRef: { name: 'platform-key' } } },
          backendRefs: [{ kind: 'ClusterStorageBackend', name: 'platform' }],
        },
      },
    );
    await bed.installation.wait('default', 'clustersigningpolicy/releases', 'condition=Ready');
  });
  after(() => bed.stop());

  /** Starts a PipelineRun, and finishes its one TaskRun as Tekton would. */
  async function startPipeline(name: string): Promise<Pipeline> {
    const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', command: ['bake'] }] };
    const object = {
      metadata: { name, namespace: bed.team.name },
      spec: { managedBy, pipelineSpec: { tasks: [{ name: 'bake', taskSpec }] } },
    };
    const run = asManifest(await bed.client.create(runResources.PipelineRun, object, { signal }));
    const child = asManifest(
      await bed.client.create(runResources.TaskRun, childOf(run, { managedBy, taskSpec }), { signal }),
    );
    const image = await bed.team.registry.pushImage(`${bed.team.name}/app`, name);
    await bed.runs.finish(child, { results: bed.runs.imageResults(image) });
    return { run, name, uid: String(at(run, 'metadata', 'uid')), child: `${name}-bake`, image };
  }

  /** A TaskRun with the name, labels and owner that Tekton gives. */
  function childOf(run: Manifest, spec: object) {
    return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: childMetadata(run, 'bake'), spec };
  }

  /** The attacker replaces the child by one that claims to have built another image. Its status is Tekton's, as the attacker cannot write it. */
  async function forge({ run, child }: Pipeline): Promise<void> {
    const claims = { IMAGE_URL: `${bed.team.registry.host}/${EVIL}`, IMAGE_DIGEST: `sha256:${'e1'.repeat(32)}` };
    const results = Object.entries(claims).map(([name, value]) => ({ name, type: 'string', value }));
    const taskSpec = {
      results: results.map(({ name }) => ({ name })),
      steps: [{ name: 'bake', image: `registry.example.com/${EVIL}:1`, command: ['bake'] }],
    };
    await attacker.replaceTaskRun(child, childOf(run, { managedBy, taskSpec }));
    const forged = await bed.installation.json(['get', 'taskrun', child, '-n', bed.team.name]);
    const refused = attacker.kubectl(['patch', 'taskrun', child, '--subresource=status', '--type=merge', '-p', '{}']);
    await assert.rejects(
      refused,
      (error) => error instanceof CommandFailed && error.stderr.includes('taskruns/status'),
    );
    await bed.runs.finish(forged, { results });
  }

  /** Finishes the PipelineRun as Tekton would. */
  async function finish({ run }: Pipeline): Promise<void> {
    const status = { childReferences: [childReference(run, 'bake')], pipelineSpec: at(run, 'spec', 'pipelineSpec') };
    const finished = await bed.runs.finish(run, { status });
    const completed = Date.parse(String(at(finished, 'status', 'completionTime')));
    await waitUntil('the second of its end is over', () => Date.now() >= completed + 1000);
  }

  async function record(pipeline: Pipeline, condition: string): Promise<ProvenanceRecord> {
    const name = recordName(pipeline, POLICY);
    await bed.installation.wait(bed.team.name, `provenancerecord/${name}`, condition);
    return parseRecord(await bed.installation.json(['get', 'provenancerecord', name, '-n', bed.team.name]));
  }

  /** Signed without the child, which the record names with the reason. */
  async function assertLeftOut(pipeline: Pipeline, why: RegExp): Promise<void> {
    const found = await record(pipeline, 'condition=Ready');
    assert.deepEqual(subjectTexts(at(statementOf(found), 'subject')), []);
    const complete = conditionOf(found, 'Complete');
    assert.deepEqual([complete?.status, complete?.reason], ['False', 'ChildReplaced']);
    assert.match(warningsOf(found)[0] ?? '', why);
    const event = await waitUntil('an Event on the run names it', async () => {
      const events = await bed.installation.events(bed.team.name);
      return events.find(({ reason, regardingUID }) => reason === 'ChildReplaced' && regardingUID === pipeline.uid);
    });
    assert.match(event.message, why);
    await assertNothingEvil();
  }

  async function assertNothingEvil(): Promise<void> {
    const namespace = bed.team.name;
    for (const object of await bed.client.listAll(hallmarkResource('ProvenanceRecord'), { namespace, signal })) {
      const text = JSON.stringify(recordedPayloads(parseRecord(object)));
      assert.doesNotMatch(text, new RegExp(EVIL));
    }
  }

  /** A PipelineRun next to it that is left alone is stated with its child. */
  async function assertHonest(name: string): Promise<void> {
    const pipeline = await startPipeline(name);
    await finish(pipeline);
    const found = await record(pipeline, 'condition=Ready');
    const subject = `${bed.team.registry.host}/${bed.team.name}/app@${pipeline.image.digest}`;
    assert.deepEqual(subjectTexts(at(statementOf(found), 'subject')), [subject]);
    assert.equal(conditionOf(found, 'Complete')?.status, 'True');
    assert.deepEqual(
      warningsOf(found).filter((text) => /^Child/.test(text)),
      [],
    );
  }

  it('while the PipelineRun runs, is left out: the operator saw another one finish', async () => {
    const pipeline = await startPipeline('seen');
    await forge(pipeline);
    await finish(pipeline);
    await assertLeftOut(pipeline, /ChildReplaced: child TaskRun seen-bake is not the one that was seen finishing/);
    await assertHonest('honest-1');
  });

  it('while the operator is frozen, is left out: its watch still delivers the one that finished', async () => {
    process.kill(bed.operator.pid, 'SIGSTOP');
    const pipeline = await startPipeline('frozen');
    try {
      await forge(pipeline);
      await finish(pipeline);
    } finally {
      process.kill(bed.operator.pid, 'SIGCONT');
    }
    await assertLeftOut(pipeline, /ChildReplaced: child TaskRun frozen-bake is not the one that was seen finishing/);
    await assertHonest('honest-2');
  });

  it('while no operator runs, is left out: it was created after the PipelineRun had completed', async () => {
    await bed.operator.stop();
    const [pipeline, honest] = [await startPipeline('away'), await startPipeline('away-honest')];
    await finish(pipeline);
    await finish(honest);
    await forge(pipeline);
    bed.operator.restart();
    await bed.operator.untilWorking();
    await assertLeftOut(
      pipeline,
      /ChildReplaced: child TaskRun away-bake was created at .*, after PipelineRun away had/,
    );
    const found = await record(honest, 'condition=Ready');
    assert.equal(subjectTexts(at(statementOf(found), 'subject')).length, 1);
    assert.match(warningsOf(found)[0] ?? '', /^ChildrenReadLater: .*: away-honest-bake$/);
    assert.equal(conditionOf(found, 'Complete')?.status, 'True');
    await assertHonest('honest-3');
  });

  it('is refused where the policy says so, and what is left of the run is signed once it does not', async () => {
    const refuse = (onMissing: string): Promise<void> =>
      bed.installation.patch('default', 'clustersigningpolicy/releases', { spec: { children: { onMissing } } });
    await refuse('Refuse');
    const pipeline = await startPipeline('refused');
    await forge(pipeline);
    await finish(pipeline);
    const refused = await record(pipeline, 'jsonpath={.status.reason}=ChildReplaced');
    assert.match(
      conditionOf(refused)?.message ?? '',
      /spec\.children\.onMissing of ClusterSigningPolicy releases refuses/,
    );
    assert.equal(conditionOf(refused, 'Stalled')?.status, 'True');
    assert.ok(refused.evidence?.artifacts?.every(({ signature }) => signature === undefined));
    await refuse('Warn');
    await assertLeftOut(pipeline, /ChildReplaced: child TaskRun refused-bake/);
    await assertHonest('honest-4');
  });

  it('has cost the team nothing: its other runs are signed', async () => {
    await bed.assertUnharmed();
  });
});
