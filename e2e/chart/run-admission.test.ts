// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { administrator, ChartCluster, nodeAgent, operator, type Identity } from './chart-cluster.ts';
import { at } from './helm.ts';

const namespace = 'team-a';
/** A member of the team: the `edit` role, and the right to write statuses that a careless administrator gave. */
const member: Identity = { user: 'mallory' };
const account = (name: string): Identity => ({
  user: `system:serviceaccount:${name}`,
  groups: ['system:serviceaccounts', 'system:masters'],
});
const chains = account('tekton-chains:tekton-chains-controller');
const approvals = account('approvals:controller');

const onlyTekton = /Only Tekton may write the status of a run/;
const keepsLabels = /A finished run keeps its labels, because they select what Hallmark signs: /;
const onlyHallmark = /Only Hallmark and Tekton Chains may write these annotations of a run: /;

const steps = [{ name: 'build', image: 'registry.example.com/builder', command: ['build'] }];

const taskRun = (name: string, annotations: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name, namespace, labels: { release: 'yes' }, annotations },
  spec: { taskSpec: { steps } },
});

const pipelineRun = (name: string) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name, namespace, labels: { release: 'yes' } },
  spec: { pipelineSpec: { tasks: [{ name: 'bake', taskSpec: { steps } }] } },
});

/** Never finishes: no controller works on it. */
const customRun = {
  apiVersion: 'tekton.dev/v1beta1',
  kind: 'CustomRun',
  metadata: { name: 'approval', namespace },
  spec: { customRef: { apiVersion: 'example.com/v1', kind: 'Approval' } },
};

const policies = ['run-status', 'run-labels', 'run-annotations'];

describe('the admission policies on runs', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('run-admission', { tekton: true, nodeAgent });
    await cluster.kubectl(['create', 'namespace', namespace]);
    const status = 'taskruns.tekton.dev/status,pipelineruns.tekton.dev/status,customruns.tekton.dev/status';
    await cluster.kubectl(['create', 'role', 'too-much', '-n', namespace, '--verb=*', `--resource=${status}`]);
    const binds = (name: string, role: string) =>
      cluster.kubectl(['create', 'rolebinding', name, '-n', namespace, role, `--user=${member.user}`]);
    await Promise.all([binds('edit', '--clusterrole=edit'), binds('too-much', '--role=too-much')]);
    await cluster.install([
      'replicas=0',
      'admissionPolicy.runStatus={"enabled":true,"customRunWriters":["approvals/controller"]}',
      'admissionPolicy.runLabels.enabled=true',
      'admissionPolicy.runAnnotations.enabled=true',
    ]);
    await cluster.create(customRun);
    await cluster.create(taskRun('done'));
    await cluster.create(pipelineRun('pipeline'));
    await untilInForce();
    await finished('taskrun/done');
    await finished('pipelinerun/pipeline');
  });
  after(() => cluster.stop());

  /** The policies take effect a moment after they are made; until then the API server lets everything pass. */
  async function untilInForce(): Promise<void> {
    const isRefused = (tried: Promise<unknown>, message: RegExp): Promise<boolean> =>
      tried.then(
        () => false,
        (error: unknown) => message.test(String(error)),
      );
    await waitUntil('the policies on annotations and status are in force', async () => {
      const forged = taskRun('probe', { 'hallmark.dev/probe': 'x' });
      const create = ['create', '--dry-run=server', '-f', '-'];
      const tried = cluster.kubectl(create, { stdin: JSON.stringify(forged), as: member });
      return (await isRefused(tried, onlyHallmark)) && isRefused(write('customrun/approval', member), onlyTekton);
    });
    await finished('taskrun/done');
    await waitUntil('the policy on labels is in force', () =>
      isRefused(
        cluster.kubectl(['label', 'taskrun', 'done', '-n', namespace, 'probe=x', '--dry-run=server'], { as: member }),
        keepsLabels,
      ),
    );
  }

  const finished = (run: string) =>
    cluster.kubectl(['wait', '--for=condition=Succeeded', run, '-n', namespace, '--timeout=120s']);

  const patch = (run: string, body: object, as: Identity, ...flags: readonly string[]) =>
    cluster.kubectl(['patch', run, '-n', namespace, '--type=merge', '-p', JSON.stringify(body), ...flags], { as });

  const write = (run: string, as: Identity) =>
    patch(run, { status: { results: [{ name: 'IMAGE_URL', value: 'evil' }] } }, as, '--subresource=status');

  const label = (run: string, as: Identity, ...labels: readonly string[]) =>
    cluster.kubectl(['label', run, '-n', namespace, '--overwrite', ...labels], { as });

  const annotate = (run: string, as: Identity, ...annotations: readonly string[]) =>
    cluster.kubectl(['annotate', run, '-n', namespace, '--overwrite', ...annotations], { as });

  const metadata = async (run: string): Promise<unknown> =>
    at(await cluster.json(['get', run, '-n', namespace]), 'metadata');

  it('compile without a warning of the API server', async () => {
    for (const name of policies) {
      const found = await waitUntil('the API server has checked the expressions', async () => {
        const path = ['get', 'validatingadmissionpolicies', `hallmark-system-hallmark-${name}`];
        const status = at(await cluster.json(path), 'status');
        return at(status, 'observedGeneration') === undefined ? undefined : { warnings: at(status, 'typeChecking') };
      });
      assert.deepEqual(found.warnings ?? {}, {}, name);
    }
  });

  it('let Tekton work: runs begin, are labelled and end', async () => {
    await cluster.create(pipelineRun('later'), member);
    await finished('pipelinerun/later');
    const child = at(await metadata('taskrun/later-bake'), 'labels');
    assert.equal(at(child, 'tekton.dev/pipelineRun'), 'later');
  });

  for (const run of ['taskrun/done', 'pipelinerun/pipeline', 'customrun/approval'])
    it(`let only Tekton write the status of a ${run.split('/')[0]}, not even an administrator`, async () => {
      await assert.rejects(write(run, member), onlyTekton);
      await assert.rejects(write(run, administrator), onlyTekton);
      await assert.rejects(write(run, operator), /forbidden/i);
    });

  it('let the controllers of custom tasks write the status of CustomRuns, and of no other run', async () => {
    await write('customrun/approval', approvals);
    await assert.rejects(write('taskrun/done', approvals), onlyTekton);
  });

  it('keep the labels of a finished run: none is changed, removed or added', async () => {
    await assert.rejects(label('taskrun/done', member, 'release=no'), /signs: release\./);
    await assert.rejects(label('taskrun/done', member, 'release-'), /signs: release\./);
    await assert.rejects(label('taskrun/done', administrator, 'other=yes'), /signs: other\./);
    await assert.rejects(label('pipelinerun/pipeline', member, 'release=no', 'other=yes'), keepsLabels);
    const replaced = { ...taskRun('done'), metadata: { ...taskRun('done').metadata, labels: {} } };
    const replace = ['replace', '--validate=false', '-f', '-'];
    await assert.rejects(cluster.kubectl(replace, { stdin: JSON.stringify(replaced), as: member }), keepsLabels);
  });

  it('leave the labels of an unfinished run to its author', async () => {
    await cluster.create({ ...taskRun('pending'), spec: { taskSpec: { steps }, managedBy: 'example.com/nobody' } });
    await label('taskrun/pending', member, 'release=no');
  });

  it("leave all other metadata of a finished run open, to the team's members too", async () => {
    await annotate('taskrun/done', member, 'example.com/note=yes', 'chains.tekton.dev/transparency-upload=false');
    await patch('taskrun/done', { metadata: { finalizers: ['example.com/archive'] } }, member);
    await patch('taskrun/done', { metadata: { finalizers: null } }, member);
    assert.equal(at(await metadata('taskrun/done'), 'annotations', 'example.com/note'), 'yes');
  });

  it("keep Hallmark's and Chains' annotations to themselves, and to accounts that the values name", async () => {
    await annotate('taskrun/done', operator, 'chains.tekton.dev/signature-x=c2ln', 'hallmark.dev/note=ours');
    await annotate('taskrun/done', chains, 'chains.tekton.dev/signed=true');
    for (const annotation of [
      'chains.tekton.dev/signature-x=Zm9yZ2Vk',
      'chains.tekton.dev/signature-x-',
      'chains.tekton.dev/signed=false',
      'chains.tekton.dev/payload-y=Zm9yZ2Vk',
      'hallmark.dev/note-',
    ])
      for (const user of [member, administrator])
        await assert.rejects(annotate('taskrun/done', user, annotation), onlyHallmark, annotation);
    const annotations = at(await metadata('taskrun/done'), 'annotations');
    assert.equal(at(annotations, 'chains.tekton.dev/signature-x'), 'c2ln');
  });

  it('refuse a new run that brings such annotations, unless Tekton takes them away, and let one that does not', async () => {
    const forged = taskRun('forged', { 'hallmark.dev/note': 'ours' });
    await assert.rejects(cluster.create(forged, member), /these annotations of a run: hallmark\.dev\/note\./);
    await cluster.create(taskRun('stripped', { 'chains.tekton.dev/signed': 'true' }), member);
    assert.equal(at(await metadata('taskrun/stripped'), 'annotations', 'chains.tekton.dev/signed'), undefined);
    await cluster.create(taskRun('honest', { 'example.com/note': 'yes' }), member);
  });

  it("let a member delete a run, the garbage collector its children, and the team's namespace go", async () => {
    const run = ['delete', 'pipelinerun', 'pipeline', '-n', namespace, '--cascade=foreground', '--timeout=120s'];
    await cluster.kubectl(run, { as: member });
    // The collector may not know of the child yet when the parent goes, and then deletes it after that.
    await cluster.kubectl(['wait', '--for=delete', 'taskrun/pipeline-bake', '-n', namespace, '--timeout=120s']);
    await cluster.kubectl(['delete', 'pipelinerun', 'later', '-n', namespace, '--cascade=background'], { as: member });
    await cluster.kubectl(['wait', '--for=delete', 'taskrun/later-bake', '-n', namespace, '--timeout=120s']);
    await cluster.kubectl(['delete', 'namespace', namespace, '--timeout=120s'], { as: administrator });
  });
});
