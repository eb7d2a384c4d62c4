// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { type PolicyIdentity, recordName } from '../../src/records/record-name.ts';
import { asManifest, at, listAt, type Manifest, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { conditionOf, parseRecord } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import type { Team } from '../harness/team.ts';
import { recordedPayloads, statementOf, subjectTexts, warningsOf } from '../provenance/stated.ts';
import {
  childMetadata,
  childReference,
  ManagedRuns,
  managedRuns,
  untilSecondIsOver,
} from '../resilience/managed-runs.ts';
import { CommandFailed } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { HostileBed } from './hostile-bed.ts';
import { TeamAttacker } from './team-attacker.ts';

const POLICY = { kind: 'ClusterSigningPolicy', namespace: '', name: 'releases' } as const;
/** A policy that has the notes of children recorded, for the runs with this label. */
const RECORDED = { kind: 'ClusterSigningPolicy', namespace: '', name: 'recorded' } as const;
const RECORD = { notes: 'recorded' } as const;
const UNRECORDED = { matchExpressions: [{ key: 'notes', operator: 'DoesNotExist' }] } as const;
const POLICY_OF_TEAM = { kind: 'SigningPolicy', name: 'builds' } as const;
/** The labels of runs that their policy holds; no other policy of these tests selects them. */
const HELD = { notes: 'none', held: 'true' } as const;
const GUARD = 'hallmark.dev/deletion-guard';
const EVIL = 'evil/builder';
const [managedBy] = managedRuns.runs.managedBy;

/** The settings of a policy that has the notes of children recorded. */
function recordedChildren(onMissing: 'Warn' | 'Refuse') {
  return { selector: { matchLabels: RECORD }, children: { notes: 'Recorded', onMissing } } as const;
}

/** A PipelineRun whose one child has finished, and that runs itself. */
interface Pipeline extends Target {
  readonly run: Manifest;
  readonly name: string;
  readonly uid: string;
  readonly child: string;
  readonly image: PushedImage;
}

/** A PipelineRun in another one; both state the one image. */
interface Nested {
  readonly inner: Pipeline;
  readonly outer: Pipeline;
}

/** A team whose runs are attacked from within. */
interface Target {
  readonly team: Team;
  readonly attacker: TeamAttacker;
}

describe('a finished child of a PipelineRun that a team replaces', () => {
  let bed: HostileBed;
  let home: Target;
  const signal = new AbortController().signal;

  before(async () => {
    bed = await HostileBed.start({ label: 'forged-children', tekton: 'Kinds', values: ['rbac.recordNotes=true'] });
    home = { team: bed.team, attacker: await TeamAttacker.enter(bed) };
    const metadata = { name: 'platform-key', namespace: releaseNamespace };
    await bed.installation.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'x509.pem': newSigningKey().privateKey } },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ClusterStorageBackend',
        metadata: { name: 'platform' },
        spec: { type: 'Tekton', artifacts: ['Attestation'] },
      },
      clusterPolicy(POLICY.name, { selector: UNRECORDED }),
    );
    await bed.installation.wait('default', 'clustersigningpolicy/releases', 'condition=Ready');
  });
  after(() => bed.stop());

  function clusterPolicy(name: string, rest: object = {}): object {
    return {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'ClusterSigningPolicy',
      metadata: { name },
      spec: {
        runs: { ...managedRuns.runs, kinds: ['PipelineRun'] },
        attestation: { deepInspection: true },
        subjects: { allowedRepositories: [`${bed.team.registry.host}/*`] },
        signer: { type: 'Key', key: { secretRef: { name: 'platform-key' } } },
        backendRefs: [{ kind: 'ClusterStorageBackend', name: 'platform' }],
        ...rest,
      },
    };
  }

  /** Starts a PipelineRun, and finishes its one TaskRun as Tekton would. */
  async function startPipeline(name: string, target = home, metadata: object = {}): Promise<Pipeline> {
    const { team } = target;
    const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', command: ['bake'] }] };
    const object = {
      metadata: { ...metadata, name, namespace: team.name },
      spec: { managedBy, pipelineSpec: { tasks: [{ name: 'bake', taskSpec }] } },
    };
    const run = asManifest(await bed.client.create(runResources.PipelineRun, object, { signal }));
    const child = asManifest(
      await bed.client.create(runResources.TaskRun, childOf(run, { managedBy, taskSpec }), { signal }),
    );
    const image = await team.registry.pushImage(`${team.name}/app`, name);
    const runs = new ManagedRuns(bed.client, team);
    await runs.finish(child, { results: runs.imageResults(image) });
    return { run, name, uid: String(at(run, 'metadata', 'uid')), child: `${name}-bake`, image, ...target };
  }

  /** Starts a PipelineRun with a nested one, whose one TaskRun has finished. */
  async function startNested(name: string, target: Target, labels: object = {}): Promise<Nested> {
    const pipelineSpec = { tasks: [{ name: 'bake', taskSpec: { steps: [{ name: 'bake', image: 'oven' }] } }] };
    const object = {
      metadata: { name, namespace: target.team.name, labels },
      spec: { managedBy, pipelineSpec: { tasks: [{ name: 'inner', pipelineSpec }] } },
    };
    const run = asManifest(await bed.client.create(runResources.PipelineRun, object, { signal }));
    const inner = await startPipeline(`${name}-inner`, target, childMetadata(run, 'inner'));
    return { inner, outer: { ...inner, run, name, uid: String(at(run, 'metadata', 'uid')), child: inner.name } };
  }

  async function finishNested({ inner, outer }: Nested): Promise<void> {
    await finish(inner);
    await finish(outer, { ...childReference(outer.run, 'inner'), kind: 'PipelineRun' });
  }

  /** A TaskRun with the name, labels and owner that Tekton gives. */
  function childOf(run: Manifest, spec: object) {
    return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: childMetadata(run, 'bake'), spec };
  }

  /** The attacker replaces the child by one that claims to have built another image. Its status is Tekton's, as the attacker cannot write it. */
  async function forge({ run, child, team, attacker }: Pipeline): Promise<void> {
    const claims = { IMAGE_URL: `${bed.team.registry.host}/${EVIL}`, IMAGE_DIGEST: `sha256:${'e1'.repeat(32)}` };
    const results = Object.entries(claims).map(([name, value]) => ({ name, type: 'string', value }));
    const taskSpec = {
      results: results.map(({ name }) => ({ name })),
      steps: [{ name: 'bake', image: `registry.example.com/${EVIL}:1`, command: ['bake'] }],
    };
    await attacker.replaceTaskRun(child, childOf(run, { managedBy, taskSpec }));
    const forged = await bed.installation.json(['get', 'taskrun', child, '-n', team.name]);
    const refused = attacker.kubectl(['patch', 'taskrun', child, '--subresource=status', '--type=merge', '-p', '{}']);
    await assert.rejects(
      refused,
      (error) => error instanceof CommandFailed && error.stderr.includes('taskruns/status'),
    );
    await bed.runs.finish(forged, { results });
  }

  /** Finishes the PipelineRun as Tekton would. */
  async function finish({ run }: Pipeline, reference: object = childReference(run, 'bake')): Promise<void> {
    const status = { childReferences: [reference], pipelineSpec: at(run, 'spec', 'pipelineSpec') };
    await untilSecondIsOver(await bed.runs.finish(run, { status }));
  }

  async function record(
    pipeline: Pipeline,
    condition: string,
    policy: PolicyIdentity = POLICY,
  ): Promise<ProvenanceRecord> {
    const name = recordName(pipeline, policy);
    await bed.installation.wait(pipeline.team.name, `provenancerecord/${name}`, condition);
    return parseRecord(await bed.installation.json(['get', 'provenancerecord', name, '-n', pipeline.team.name]));
  }

  /** Signed without the child, which the record names with the reason. */
  async function assertLeftOut(pipeline: Pipeline, why: RegExp, policy: PolicyIdentity = POLICY): Promise<void> {
    const found = await record(pipeline, 'condition=Ready', policy);
    assert.deepEqual(subjectTexts(at(statementOf(found), 'subject')), []);
    const complete = conditionOf(found, 'Complete');
    assert.deepEqual([complete?.status, complete?.reason], ['False', 'ChildReplaced']);
    assert.match(warningsOf(found)[0] ?? '', why);
    const event = await waitUntil('an Event on the run names it', async () => {
      const events = await bed.installation.events(pipeline.team.name);
      return events.find(({ reason, regardingUID }) => reason === 'ChildReplaced' && regardingUID === pipeline.uid);
    });
    assert.match(event.message, why);
    await assertNothingEvil(pipeline.team);
  }

  async function assertNothingEvil({ name: namespace }: Team): Promise<void> {
    for (const object of await bed.client.listAll(hallmarkResource('ProvenanceRecord'), { namespace, signal })) {
      const text = JSON.stringify(recordedPayloads(parseRecord(object)));
      assert.doesNotMatch(text, new RegExp(EVIL));
    }
  }

  /** A PipelineRun next to it that is left alone is stated with its child. */
  async function assertHonest(name: string): Promise<void> {
    const pipeline = await startPipeline(name);
    await finish(pipeline);
    await assertWhole(pipeline);
  }

  /** Signed with its child, without a warning about it. */
  async function assertWhole(pipeline: Pipeline, policy: PolicyIdentity = POLICY): Promise<void> {
    const found = await record(pipeline, 'condition=Ready', policy);
    const subject = `${pipeline.team.registry.host}/${pipeline.team.name}/app@${pipeline.image.digest}`;
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

  it('in a nested PipelineRun, is left out of the evidence of both', async () => {
    const team = await bed.installation.team({ name: 'team-n', policy: managedRuns });
    const target = { team, attacker: await TeamAttacker.enter(bed, team.name) };
    const [attacked, honest] = [await startNested('nest', target), await startNested('nest-honest', target)];
    await forge(attacked.inner);
    for (const nested of [attacked, honest]) await finishNested(nested);
    const why = /ChildReplaced: child TaskRun \S*nest-inner-bake is not the one that was seen finishing/;
    await assertLeftOut(attacked.inner, why);
    await assertLeftOut(attacked.outer, why);
    await assertWhole(honest.inner);
    await assertWhole(honest.outer);
  });

  it('or deletes stays for the evidence where runs are held, also in a nested PipelineRun and without an operator', async () => {
    const policy = {
      selector: { matchLabels: HELD },
      runs: { ...managedRuns.runs, kinds: ['PipelineRun'] },
      attestation: { deepInspection: true },
      deletionGuard: { type: 'Hold', timeoutSeconds: 86_400 },
    };
    const team = await bed.installation.team({ name: 'team-g', backends: ['tekton'], policy });
    await team.untilReady();
    const target = { team, attacker: await TeamAttacker.enter(bed, team.name) };
    const { inner, outer } = await startNested('held', target, HELD);
    const family = [`taskrun/${inner.child}`, `pipelinerun/${inner.name}`, `pipelinerun/${outer.name}`];
    const kept = (): Promise<readonly (Manifest | undefined)[]> =>
      Promise.all(family.map((each) => bed.installation.find(team.name, each)));
    const areHeld = async (): Promise<boolean> => (await kept()).every((run) => isHeld(run));
    await waitUntil('all three are held', areHeld, { timeoutSeconds: PATIENCE_SECONDS });
    await bed.operator.stop();
    await finishNested({ inner, outer });
    for (const each of family) await target.attacker.kubectl(['delete', each, '--wait=false']);
    assert.ok((await kept()).every((run) => isHeld(run) && at(run, 'metadata', 'deletionTimestamp') !== undefined));
    bed.operator.restart();
    await bed.operator.untilWorking();
    const found = await record(outer, 'condition=Ready', { ...POLICY_OF_TEAM, namespace: team.name });
    const subject = `${team.registry.host}/${team.name}/app@${inner.image.digest}`;
    assert.deepEqual(subjectTexts(at(statementOf(found), 'subject')), [subject]);
    assert.equal(conditionOf(found, 'Complete')?.status, 'True');
    const areGone = async (): Promise<boolean> => (await kept()).every((run) => run === undefined);
    await waitUntil('all three are gone', areGone, { timeoutSeconds: PATIENCE_SECONDS });
  });

  it('is noted in memory where the operator may not record notes, which the policy says until it may', async () => {
    const role = 'role/hallmark-own';
    const before = await bed.installation.json(['get', role, '-n', releaseNamespace]);
    const rules = listAt(before, 'rules');
    const without = rules.filter((rule) => !listAt(rule, 'resources').map(String).includes('configmaps'));
    assert.equal(without.length, rules.length - 1);
    await bed.installation.patch(releaseNamespace, role, { rules: without });
    await bed.installation.apply(clusterPolicy(RECORDED.name, recordedChildren('Refuse')));
    const policy = `clustersigningpolicy/${RECORDED.name}`;
    await bed.installation.wait('default', policy, 'condition=Ready');
    const untilSaid = (what: string, isSo: (message: string) => boolean): Promise<boolean> =>
      waitUntil(
        `the policy ${what}`,
        async () => isSo(JSON.stringify(at(await bed.installation.json(['get', policy]), 'status'))),
        { timeoutSeconds: PATIENCE_SECONDS },
      );
    const unrecorded = await startPipeline('unrecorded', home, { labels: RECORD });
    await untilSaid('says so', (message) => /in memory only.*rbac\.recordNotes/.test(message));
    await bed.installation.patch(releaseNamespace, role, { rules });
    // The next child has it try again.
    const recorded = await startPipeline('recorded', home, { labels: RECORD });
    await untilSaid('says so no more', (message) => !message.includes('in memory only'));
    for (const pipeline of [unrecorded, recorded]) await finish(pipeline);
    for (const pipeline of [unrecorded, recorded]) await assertWhole(pipeline, RECORDED);
  });

  describe('while it is replaced without an operator', () => {
    let other: Target;
    let late: Pipeline;
    let lateHonest: Pipeline;
    /** The first children of these were noted, in both namespaces. */
    let noted: readonly Pipeline[];
    let notedHonest: Pipeline;
    /** The child of this one finished when no operator ran. */
    let unnoted: Pipeline;

    before(async () => {
      const team = await bed.installation.team({ name: 'team-i', policy: managedRuns });
      other = { team, attacker: await TeamAttacker.enter(bed, team.name) };
      await bed.installation.apply(clusterPolicy(RECORDED.name, recordedChildren('Refuse')));
      await bed.installation.wait('default', `clustersigningpolicy/${RECORDED.name}`, 'condition=Ready');
      const [here, there] = [
        await startPipeline('noted', home, { labels: RECORD }),
        await startPipeline('noted', other, { labels: RECORD }),
      ];
      notedHonest = await startPipeline('noted-honest', other, { labels: RECORD });
      noted = [here, there];
      for (const pipeline of [...noted, notedHonest]) await untilNoted(pipeline);
      await bed.operator.stop();
      [late, lateHonest] = [await startPipeline('away'), await startPipeline('away-honest')];
      unnoted = await startPipeline('unnoted', home, { labels: RECORD });
      for (const pipeline of noted) await forge(pipeline);
      for (const pipeline of [late, lateHonest, unnoted, notedHonest, ...noted]) await finish(pipeline);
      await forge(late);
      bed.operator.restart();
      await bed.operator.untilWorking();
    });

    /** The names of the children whose notes are recorded. */
    async function notesOf({ uid }: Pipeline): Promise<readonly string[]> {
      const found = await bed.installation.json(['get', 'configmaps', '-n', releaseNamespace]);
      const isOf = (object: unknown): boolean => at(object, 'metadata', 'name') === `hallmark-children-${uid}`;
      return listAt(found, 'items')
        .filter(isOf)
        .flatMap((object) => Object.keys(asManifest(at(object, 'data'))));
    }

    async function untilNoted(pipeline: Pipeline): Promise<void> {
      const isNoted = async (): Promise<boolean> => (await notesOf(pipeline)).includes(pipeline.child);
      await waitUntil(`the note of ${pipeline.child} is recorded`, isNoted, { timeoutSeconds: PATIENCE_SECONDS });
      for (const verb of ['get', 'delete']) {
        const name = `hallmark-children-${pipeline.uid}`;
        const attack = pipeline.attacker.kubectl([verb, 'configmap', name, '-n', releaseNamespace]);
        await assert.rejects(attack, (error) => error instanceof CommandFailed && /forbidden/i.test(error.stderr));
      }
    }

    it('while no operator runs, is left out: it was created after the PipelineRun had completed', async () => {
      await assertLeftOut(late, /ChildReplaced: child TaskRun away-bake was created at .*, after PipelineRun away had/);
      const found = await record(lateHonest, 'condition=Ready');
      assert.equal(subjectTexts(at(statementOf(found), 'subject')).length, 1);
      assert.match(warningsOf(found)[0] ?? '', /^ChildrenReadLater: .*: away-honest-bake$/);
      assert.equal(conditionOf(found, 'Complete')?.status, 'True');
      await assertHonest('honest-3');
    });

    it('is refused where its notes are to be recorded and there is none, and is signed once the policy only warns', async () => {
      const refusals = [unnoted, ...noted].map(async (pipeline) => {
        const reason = pipeline === unnoted ? 'ChildrenReadLater' : 'ChildReplaced';
        const refused = await record(pipeline, `jsonpath={.status.reason}=${reason}`, RECORDED);
        assert.match(conditionOf(refused)?.message ?? '', /spec\.children\.onMissing of .* recorded refuses the run/);
        assert.equal(conditionOf(refused, 'Stalled')?.status, 'True');
        assert.ok(refused.evidence?.artifacts?.every(({ signature }) => signature === undefined));
      });
      await Promise.all(refusals);
      await assertWhole(notedHonest, RECORDED);
      await bed.installation.patch('default', `clustersigningpolicy/${RECORDED.name}`, {
        spec: { children: recordedChildren('Warn').children },
      });
      const found = await record(unnoted, 'condition=Ready', RECORDED);
      assert.equal(subjectTexts(at(statementOf(found), 'subject')).length, 1);
      assert.match(warningsOf(found)[0] ?? '', /^ChildrenReadLater: .*: unnoted-bake$/);
    });

    it('while no operator runs and before its PipelineRun completes, is left out where its notes are recorded', async () => {
      for (const pipeline of noted)
        await assertLeftOut(pipeline, /child TaskRun noted-bake is not the one that was seen finishing/, RECORDED);
    });

    it('leaves no notes behind once its PipelineRun is recorded', async () => {
      const areGone = async (): Promise<boolean> => {
        const left = await Promise.all([unnoted, notedHonest, ...noted].map(notesOf));
        return left.flat().length === 0;
      };
      await waitUntil('the notes are gone', areGone, { timeoutSeconds: PATIENCE_SECONDS });
    });
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

function isHeld(run: Manifest | undefined): boolean {
  const finalizers = run === undefined ? undefined : at(run, 'metadata', 'finalizers');
  return Array.isArray(finalizers) && finalizers.includes(GUARD);
}
