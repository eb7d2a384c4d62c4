// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { asManifest, at, listAt } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { hallmarkCommand } from '../harness/hallmark-command.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, parseRecord, storageOf } from '../harness/record.ts';
import { evidenceBackend } from '../harness/team-manifests.ts';
import type { Build, Team } from '../harness/team.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const GUARD = 'hallmark.dev/deletion-guard';
const patience = { timeoutSeconds: PATIENCE_SECONDS, intervalMilliseconds: 200 } as const;
/** So that a backend that works again is noticed at once. */
const retry = { minSeconds: 1, maxSeconds: 2 };

describe('a run of a policy that holds runs until they are stored', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let proxy: FaultProxy;
  let client: KubeClient;

  before(async () => {
    installation = await Installation.start({ label: 'deletion-guard', replicas: 0 });
    client = adminClient(installation.plane);
    proxy = await FaultProxy.start({ target: `http://${installation.testbed.registry().host}` });
    const allow = [...installation.testbed.registries.map(({ host }) => host), proxy.host];
    operator = await OperatorProcess.start(installation, { configuration: { retry, outbound: { allow } } });
    await operator.untilWorking();
  });
  after(async () => {
    if (operator.exit === undefined) await operator.stop();
    await proxy.stop();
    await installation.stop();
  });
  beforeEach(() => {
    proxy.heal();
  });

  /** A team with annotations and a registry behind the proxy, which is down from now on. */
  async function teamWithoutRegistry(name: string, timeoutSeconds: number, more: object = {}): Promise<Team> {
    const policy = { backendRefs: [], deletionGuard: { type: 'Hold', timeoutSeconds }, ...more };
    const team = await installation.team({ name, backends: ['tekton'], policy });
    await installation.apply(evidenceBackend(name, `${proxy.host}/evidence/${name}`));
    await team.untilReady();
    await installation.wait(name, 'storagebackend/evidence', 'condition=Ready');
    proxy.fail({ type: 'Status', status: 503 });
    return team;
  }

  async function run({ name }: Build, team: Team): Promise<unknown> {
    const signal = AbortSignal.timeout(30_000);
    return client.find(runResources.TaskRun, { namespace: team.name, name }, { signal });
  }

  async function record(build: Build, team: Team): Promise<ProvenanceRecord | undefined> {
    const name = { namespace: team.name, name: team.recordName(build) };
    const signal = AbortSignal.timeout(30_000);
    const found = await client.find(hallmarkResource('ProvenanceRecord'), name, { signal });
    return found === undefined ? undefined : parseRecord(found);
  }

  function recordWhen(what: string, build: Build, team: Team, isSo: (record: ProvenanceRecord) => boolean) {
    return team.recordThat(build, what, isSo);
  }

  function untilHeld({ name }: Build, team: Team): Promise<void> {
    const isMet = (found: unknown): boolean => finalizersOf(found).includes(GUARD);
    return installation.until(team.name, `taskrun/${name}`, { condition: 'is held', isMet });
  }

  function untilGone(build: Build, team: Team): Promise<boolean> {
    const isGone = async (): Promise<boolean> => (await run(build, team)) === undefined;
    return waitUntil(`${build.name} is gone`, isGone, patience);
  }

  async function remove({ name }: Build, team: Team): Promise<void> {
    const signal = AbortSignal.timeout(30_000);
    await client.delete(runResources.TaskRun, { namespace: team.name, name }, { signal });
  }

  const isReady = (found: ProvenanceRecord): boolean => conditionOf(found)?.status === 'True';
  const isUnstored = (found: ProvenanceRecord): boolean => storageOf(found, 'evidence')?.state === 'Pending';

  /** A run that is held, finished, and not stored in the registry. */
  async function heldBuild(team: Team): Promise<Build> {
    const build = await team.startBuild({ name: 'bake' });
    await untilHeld(build, team);
    await team.untilFinished(build);
    await recordWhen('waits for its registry', build, team, isUnstored);
    return build;
  }

  it('stays when it is deleted while no operator runs, is stored, and then goes', async () => {
    const team = await teamWithoutRegistry('team-held', 86_400, managedRuns);
    const runs = new ManagedRuns(client, team);
    const image = await team.registry.pushImage(`${team.name}/app`, 'bake');
    const uid = String(at(await runs.create({ name: 'bake' }), 'metadata', 'uid'));
    const build: Build = { kind: 'TaskRun', name: 'bake', uid, image };
    await untilHeld(build, team);
    await operator.stop();
    await runs.finish(asManifest(await run(build, team)), { results: runs.imageResults(image) });
    await remove(build, team);
    assert.equal(await record(build, team), undefined);
    operator.restart();
    await operator.untilWorking();
    await recordWhen('waits for its registry', build, team, isUnstored);
    const waiting = await run(build, team);
    assert.notEqual(at(waiting, 'metadata', 'deletionTimestamp'), undefined);
    assert.ok(finalizersOf(waiting).includes(GUARD));
    proxy.heal();
    const stored = await recordWhen('is Ready', build, team, isReady);
    assert.equal(stored.status?.stored, '2/2');
    await untilGone(build, team);
  });

  it('goes at the deadline, which its record and an Event of the run say, and is stored all the same later', async () => {
    const team = await teamWithoutRegistry('team-deadline', 3);
    const build = await heldBuild(team);
    // Frozen, so that the deadline cannot be over before the look.
    process.kill(operator.pid, 'SIGSTOP');
    try {
      await remove(build, team);
      assert.notEqual(await run(build, team), undefined);
    } finally {
      process.kill(operator.pid, 'SIGCONT');
    }
    await untilGone(build, team);
    const says = /; the run is gone, no deletion guard keeps it any more$/;
    const lost = await recordWhen('says so', build, team, (found) => says.test(found.status?.message ?? ''));
    assert.equal(conditionOf(lost)?.status, 'False');
    const isSaid = async (): Promise<boolean> =>
      (await installation.events(team.name)).some(
        ({ type, reason, message, regardingUID }) =>
          type === 'Warning' && reason === 'RunDeleted' && regardingUID === build.uid && message.includes('after 3 s'),
      );
    await waitUntil('an Event of the run says so', isSaid, patience);
    proxy.heal();
    await recordWhen('is Ready', build, team, isReady);
  });

  it('does not keep its namespace', async () => {
    const team = await teamWithoutRegistry('team-ending', 86_400);
    const build = await heldBuild(team);
    await remove(build, team);
    await installation.kubectl(['delete', 'namespace', team.name, `--timeout=${PATIENCE_SECONDS}s`], {
      timeoutSeconds: PATIENCE_SECONDS + 10,
    });
    assert.equal(await run(build, team), undefined);
  });

  it('is neither kept nor annotated where the operator may not patch runs, and its policy says so until it may or asks for less', async () => {
    const role = 'clusterrole/hallmark-system-hallmark';
    const before = await installation.json(['get', role]);
    const withoutPatch = listAt(before, 'rules').filter((rule) => !isPatchOfRuns(rule));
    assert.equal(withoutPatch.length, listAt(before, 'rules').length - 1);
    const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}';
    await installation.patch('', role, { rules: withoutPatch });
    const deletionGuard = { type: 'Hold', timeoutSeconds: 60 };
    const policy = { ...managedRuns, backendRefs: [], deletionGuard };
    const team = await installation.team({ name: 'team-unkept', backends: ['registry'], policy });
    await installation.wait(team.name, 'signingpolicy/builds', `${ready}=GuardForbidden`);
    const release = { type: 'Release', timeoutSeconds: 60 };
    await installation.patch(team.name, 'signingpolicy/builds', { spec: { deletionGuard: release } });
    await installation.wait(team.name, 'signingpolicy/builds', `${ready}=Ready`);
    await installation.patch(team.name, 'signingpolicy/builds', { spec: { deletionGuard } });
    await installation.wait(team.name, 'signingpolicy/builds', `${ready}=GuardForbidden`);
    const compatibility = { chainsAnnotations: true };
    const other = { ...managedRuns, backendRefs: [], compatibility };
    const second = await installation.team({ name: 'team-unannotated', backends: ['registry'], policy: other });
    await installation.wait(second.name, 'signingpolicy/builds', `${ready}=AnnotationForbidden`);
    const quiet = { compatibility: { chainsAnnotations: false } };
    await installation.patch(second.name, 'signingpolicy/builds', { spec: quiet });
    await installation.wait(second.name, 'signingpolicy/builds', `${ready}=Ready`);
    await installation.patch(second.name, 'signingpolicy/builds', { spec: { compatibility } });
    await installation.wait(second.name, 'signingpolicy/builds', `${ready}=AnnotationForbidden`);
    const stored = await new ManagedRuns(client, second).build({ name: 'bake' });
    const annotated = (found: ProvenanceRecord, reason: string): boolean =>
      isReady(found) && conditionOf(found, 'RunAnnotated')?.reason === reason;
    await recordWhen('is not annotated', stored, second, (found) => annotated(found, 'AnnotationForbidden'));
    await installation.patch('', role, { rules: listAt(before, 'rules') });
    await installation.wait(team.name, 'signingpolicy/builds', `${ready}=Ready`);
    await installation.wait(second.name, 'signingpolicy/builds', `${ready}=Ready`);
    await recordWhen('is annotated after all', stored, second, (found) => annotated(found, 'Stored'));
    assert.equal(at(await run(stored, second), 'metadata', 'annotations', 'chains.tekton.dev/signed'), 'true');
  });

  it('is let go by `hallmark release-runs` once there is no operator', async () => {
    const team = await teamWithoutRegistry('team-left', 86_400);
    const build = await heldBuild(team);
    await operator.stop();
    await remove(build, team);
    assert.ok(finalizersOf(await run(build, team)).includes(GUARD));
    const listed = await hallmarkCommand(installation, 'release-runs', '-n', team.name, '--dry-run');
    assert.equal(listed.out, `TaskRun ${team.name}/bake is held\n1 runs are held\n`);
    const released = await hallmarkCommand(installation, 'release-runs', '-n', team.name);
    assert.deepEqual([released.code, released.err], [0, '']);
    await untilGone(build, team);
  });
});

function isPatchOfRuns(rule: unknown): boolean {
  const [verbs, resources] = [at(rule, 'verbs'), at(rule, 'resources')];
  return JSON.stringify([verbs, resources]) === '[["patch"],["taskruns","pipelineruns"]]';
}

function finalizersOf(object: unknown): readonly unknown[] {
  const finalizers = object === undefined ? undefined : at(object, 'metadata', 'finalizers');
  return Array.isArray(finalizers) ? finalizers : [];
}
