// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { at, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { signaturesOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import type { CutProxy } from '../testbed/control-plane/cut-proxy.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { signaturesInAnnotations, signaturesInRegistry } from './stored-signatures.ts';

/** The cuts, kills and outages fall among so many runs; they are even, for halves before and after. */
const RUNS = 18;
const configuration = {
  retry: { minSeconds: 1, maxSeconds: 2 },
  // Waited for three times, and longer than a machine that has more to do keeps a renewal waiting.
  leaderElection: { leaseDurationSeconds: 15, renewDeadlineSeconds: 12, retryPeriodSeconds: 1 },
};
/** For tests of cut connections, which must not lose the Lease. */
const patientConfiguration = {
  ...configuration,
  leaderElection: { leaseDurationSeconds: 120, renewDeadlineSeconds: 100, retryPeriodSeconds: 2 },
};

let installation: Installation;
let client: KubeClient;
let team: Team;
let runs: ManagedRuns;

before(async () => {
  installation = await Installation.start({ label: 'watch', replicas: 0, tekton: 'Kinds', ownControlPlane: true });
  client = adminClient(installation.plane);
  team = await installation.team({ name: 'team-w', policy: managedRuns });
  runs = new ManagedRuns(client, team);
});
after(() => installation.stop());

const soon = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(60_000) });

/** Finishes this many runs with an image each, one after the other. */
async function finishRuns(prefix: string, count = RUNS): Promise<readonly Build[]> {
  const builds: Build[] = [];
  for (let index = 0; index < count; index += 1) builds.push(await runs.build({ name: `${prefix}-${index}` }));
  return builds;
}

/** Each run has one record, which is Ready, and its signatures are the only ones in annotations and registry. */
async function assertRecordedOnce(builds: readonly Build[]): Promise<void> {
  const ready = new Map<string, ProvenanceRecord>();
  for (const build of builds) ready.set(build.uid, await team.readyRecord(build));
  const all = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace: team.name, ...soon() });
  const uidsOfRuns = all.map((record) => String(at(record, 'spec', 'runRef', 'uid'))).filter((uid) => ready.has(uid));
  assert.deepEqual(uidsOfRuns.toSorted(), [...ready.keys()].toSorted());
  for (const build of builds) {
    const record = ready.get(build.uid);
    assert.ok(record !== undefined);
    const { attestation, ...images } = signaturesOf(record);
    const expected = { attestation: [attestation], image: Object.values(images) };
    const run = await client.get(runResources.TaskRun, { namespace: team.name, name: build.name }, soon());
    assert.deepEqual(signaturesInAnnotations(run, build), expected);
    assert.deepEqual(await signaturesInRegistry(team, build), expected);
  }
}

/** The records that an operator says it made. */
function recordsCreated(operator: OperatorProcess): readonly string[] {
  return operator
    .log()
    .split('\n')
    .filter((line) => line.includes('"message":"record created"'))
    .map((line) => String(at(JSON.parse(line), 'record')));
}

describe('an operator that loses its watches', () => {
  let proxy: CutProxy;
  let operator: OperatorProcess;
  before(async () => {
    const { plane } = installation;
    proxy = await plane.cutProxy();
    const kubeconfig = plane.kubeconfigVia(proxy, await plane.tokenOf(releaseNamespace, 'hallmark'));
    operator = await OperatorProcess.start(installation, { kubeconfig, configuration: patientConfiguration });
    await operator.untilWorking();
    await team.untilReady();
  });
  after(async () => {
    await operator.stop();
    await proxy.stop();
  });

  it('because they are cut again and again, records each run that finishes meanwhile once', async () => {
    const builds: Build[] = [];
    for (let index = 0; index < RUNS; index += 1) {
      if (index % 2 === 0) proxy.cut();
      builds.push(await runs.build({ name: `cut-${index}` }));
    }
    await assertRecordedOnce(builds);
  });

  it('because connections are refused for a while, records each run that finished meanwhile once', async () => {
    proxy.refuse();
    proxy.cut();
    const builds = await finishRuns('refused');
    proxy.accept();
    await assertRecordedOnce(builds);
  });

  it('because the API server is killed and started again, records each run that finished before, between and after once', async () => {
    proxy.refuse();
    proxy.cut();
    const before_ = await finishRuns('restart', RUNS / 2);
    await installation.plane.restartApiServer({
      whileDown: () => {
        proxy.accept();
        return Promise.resolve();
      },
    });
    client = adminClient(installation.plane);
    runs = new ManagedRuns(client, team);
    await assertRecordedOnce([...before_, ...(await finishRuns('restarted', RUNS / 2))]);
  });

  it('never ended, and never recorded a run twice', () => {
    assert.equal(operator.exit, undefined);
    const created = recordsCreated(operator);
    // The operator does not log a record whose answer was cut off: it finds that record when it retries.
    assert.ok(created.length > RUNS && created.length <= 3 * RUNS, `${created.length} records`);
    assert.equal(new Set(created).size, created.length);
  });
});

describe('two operators that share the work', () => {
  let first: OperatorProcess;
  let second: OperatorProcess;
  before(async () => {
    first = await OperatorProcess.start(installation, { configuration });
    await first.untilWorking();
    second = await OperatorProcess.start(installation, { configuration });
    await second.untilWorking();
  });
  after(async () => {
    for (const operator of [first, second]) if (operator.exit === undefined) await operator.stop();
  });

  it('record each run once when one is killed with kill -9 while they finish', async () => {
    const early = await finishRuns('orphaned-early', RUNS / 2);
    const killed = first.kill('SIGKILL');
    const late = await finishRuns('orphaned-late', RUNS / 2);
    assert.equal((await killed)?.signal, 'SIGKILL');
    await assertRecordedOnce([...early, ...late]);
    await waitUntil('the second holds all', async () => (await second.shardsHeld()) === 16, {
      timeoutSeconds: PATIENCE_SECONDS,
    });
  });

  it('record each run once when one is frozen past its Lease: thawed, it has lost its shards and writes nothing more of them', async () => {
    first.restart();
    await waitUntil(
      'both have their share',
      async () => (await first.shardsHeld()) === 8 && (await second.shardsHeld()) === 8,
    );
    const early = await finishRuns('frozen-early', RUNS / 2);
    process.kill(second.pid, 'SIGSTOP');
    const late = await finishRuns('frozen-late', RUNS / 2);
    await waitUntil('the first holds all', async () => (await first.shardsHeld()) === 16, {
      timeoutSeconds: PATIENCE_SECONDS,
    });
    await assertRecordedOnce([...early, ...late]);
    const before_ = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace: team.name, ...soon() });
    process.kill(second.pid, 'SIGCONT');
    const lost = /"message":"a shard is lost: another replica may take it"/g;
    await waitUntil('the frozen one has noticed', () => (second.log().match(lost) ?? []).length === 8);
    // An answer that lay waiting for it while it was frozen it may still log: no record is one that the other made.
    const madeByFirst = new Set(recordsCreated(first));
    assert.deepEqual(
      recordsCreated(second).filter((name) => madeByFirst.has(name)),
      [],
    );
    const after_ = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace: team.name, ...soon() });
    const versions = (objects: readonly unknown[]): readonly string[] =>
      objects.map(
        (object) => `${String(at(object, 'metadata', 'uid'))} ${String(at(object, 'metadata', 'resourceVersion'))}`,
      );
    assert.deepEqual(versions(after_), versions(before_));
    await assertRecordedOnce([...early, ...late]);
  });
});
