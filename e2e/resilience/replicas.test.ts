// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { at, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, signaturesOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { signaturesInAnnotations, signaturesInRegistry } from './stored-signatures.ts';
import { shardOf } from '../../src/runtime/shards/shard.ts';

const patience = { timeoutSeconds: PATIENCE_SECONDS } as const;
const configuration = {
  retry: { minSeconds: 1, maxSeconds: 2 },
  leaderElection: { leaseDurationSeconds: 15, renewDeadlineSeconds: 12, retryPeriodSeconds: 1 },
};
const soon = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(60_000) });

/** A run that finished, and its team. */
interface Made {
  readonly team: Team;
  readonly build: Build;
}

let installation: Installation;
let client: KubeClient;
let teams: readonly Team[];
let operators: OperatorProcess[];

async function startOperator(): Promise<OperatorProcess> {
  const operator = await OperatorProcess.start(installation, { configuration });
  operators.push(operator);
  return operator;
}

/** Waits until the running operators hold these numbers of shards. */
async function untilShared(...expected: readonly number[]): Promise<void> {
  const running = operators.filter(({ exit }) => exit === undefined);
  await waitUntil(
    `the shards are shared: ${expected.join(', ')}`,
    async () => {
      const counts = await Promise.all(running.map((operator) => operator.shardsHeld()));
      return counts.toSorted((one, other) => other - one).join() === expected.join();
    },
    patience,
  );
}

/** Finishes runs of every team, one team after the other. */
async function finishRuns(prefix: string, count: number): Promise<readonly Made[]> {
  const made: Made[] = [];
  for (let index = 0; index < count; index += 1)
    for (const team of teams)
      made.push({ team, build: await new ManagedRuns(client, team).build({ name: `${prefix}-${index}` }) });
  return made;
}

async function assertRecordedOnce(some: readonly Made[]): Promise<void> {
  for (const { team, build } of some) {
    const record = await team.readyRecord(build);
    const all = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace: team.name, ...soon() });
    const ofRun = all.filter((other) => at(other, 'spec', 'runRef', 'uid') === build.uid);
    assert.equal(ofRun.length, 1);
    const { attestation, ...images } = signaturesOf(record);
    const expected = { attestation: [attestation], image: Object.values(images) };
    const run = await client.get(runResources.TaskRun, { namespace: team.name, name: build.name }, soon());
    assert.deepEqual(signaturesInAnnotations(run, build), expected);
    assert.deepEqual(await signaturesInRegistry(team, build), expected);
  }
}

function recordsCreatedBy(operator: OperatorProcess): readonly string[] {
  return operator
    .log()
    .split('\n')
    .filter((line) => line.includes('"message":"record created"'))
    .map((line) => String(at(JSON.parse(line), 'record')));
}

/** The operator that holds the shard of the namespace. */
async function holderOf(namespace: string): Promise<OperatorProcess> {
  const name = `hallmark-shard-${shardOf(namespace)}`;
  const lease = await installation.json(['get', 'lease', name, '-n', releaseNamespace]);
  const holder = String(at(lease, 'spec', 'holderIdentity'));
  const operator = operators.find(({ name, exit }) => exit === undefined && holder.startsWith(`${name}_`));
  assert.ok(operator !== undefined, `no operator is ${holder}`);
  return operator;
}

/** A name for a namespace in a shard of this operator. */
async function nameFor(operator: OperatorProcess): Promise<string> {
  for (let index = 0; ; index += 1) {
    const name = `team-${index}`;
    if ((await holderOf(name)) === operator) return name;
  }
}

describe('three replicas', () => {
  before(async () => {
    installation = await Installation.start({ label: 'replicas', replicas: 0, tekton: 'Kinds' });
    client = adminClient(installation.plane);
    operators = [];
    for (let index = 0; index < 3; index += 1) await startOperator();
    await untilShared(6, 5, 5);
    const names = await Promise.all(operators.map(nameFor));
    teams = await Promise.all(names.map((name) => installation.team({ name, policy: managedRuns })));
    await Promise.all(teams.map((team) => team.untilReady()));
  });
  after(async () => {
    await Promise.all(operators.filter(({ exit }) => exit === undefined).map((operator) => operator.stop()));
    await installation.stop();
  });

  it('share the work, and record each run once', async () => {
    const made = await finishRuns('shared', 4);
    await assertRecordedOnce(made);
    const created = operators.map(recordsCreatedBy);
    assert.equal(created.flat().length, made.length);
    assert.ok(
      created.every((records) => records.length > 0),
      'each of them works',
    );
    for (const records of created) {
      const others = created.filter((other) => other !== records).flat();
      assert.deepEqual(
        records.filter((record) => others.some((other) => other.split('/')[0] === record.split('/')[0])),
        [],
      );
    }
  });

  it('record each run once while all of them are replaced one by one', async () => {
    const old = [...operators];
    let made: readonly Made[] = [];
    for (const [index, operator] of old.entries()) {
      const finishing = finishRuns(`rolled-${index}`, 2);
      const fresh = await startOperator();
      await fresh.untilWorking();
      const stopped = operator.stop();
      made = [...made, ...(await finishing)];
      assert.equal((await stopped).code, 0);
    }
    await assertRecordedOnce(made);
    await untilShared(6, 5, 5);
  });

  it('record each run once when one is killed, also those that are deleted at that moment', async () => {
    const [team] = teams;
    assert.ok(team !== undefined);
    const victim = await holderOf(team.name);
    process.kill(victim.pid, 'SIGSTOP');
    const made = await finishRuns('killed', 2);
    const runs = new ManagedRuns(client, team);
    const deleted = await runs.build({ name: 'deleted' });
    await client.delete(runResources.TaskRun, { namespace: team.name, name: 'deleted' }, soon());
    await victim.kill('SIGKILL');
    await assertRecordedOnce(made);
    const isSigned = (record: ProvenanceRecord): boolean => conditionOf(record, 'Signed')?.status === 'True';
    await team.recordThat(deleted, 'is signed', isSigned);
    await untilShared(8, 8);
  });
});
