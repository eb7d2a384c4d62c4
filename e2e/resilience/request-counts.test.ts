// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { bundledOperator } from '../harness/bundle.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const RUNS = 20;
const patience = { timeoutSeconds: PATIENCE_SECONDS, intervalMilliseconds: 200 } as const;

const STATUS_WRITES = 'update provenancerecords.hallmark.dev/status';

/** Requests that do not grow with the runs: watches, the Lease, and the checks and statuses of policies and backends. */
const FIXED = /^(watch|list) |^\w+ (leases|selfsubjectaccessreviews|(cluster)?(signingpolicies|storagebackends))\b/;

/** The requests of the operator that runs make it send, by verb and resource. */
async function requestsOf(operator: OperatorProcess): Promise<ReadonlyMap<string, number>> {
  const series = /^hallmark_kube_requests_total\{verb="([^"]+)",resource="([^"]+)",.*\} (\d+)$/gm;
  const counts = new Map<string, number>();
  for (const [, verb = '', resource = '', count] of (await operator.metrics()).matchAll(series)) {
    const name = `${verb} ${resource}`;
    if (!FIXED.test(name)) counts.set(name, (counts.get(name) ?? 0) + Number(count));
  }
  return counts;
}

describe('the requests that a run costs the API server', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let client: KubeClient;

  before(async () => {
    installation = await Installation.start({ label: 'request-counts', replicas: 0, tekton: 'Kinds' });
    client = adminClient(installation.plane);
    // The bundle runs, as in the image, even where this file runs alone.
    operator = await OperatorProcess.start(installation, { program: await bundledOperator() });
    await operator.untilWorking();
  });
  after(async () => {
    await operator.stop();
    await installation.stop();
  });

  /** Has runs with an image each signed, stored and read back. @returns the requests of all of them */
  async function requestsFor(
    name: string,
    backends: readonly string[],
    policy: object = {},
  ): Promise<Readonly<Record<string, number>>> {
    const team = await installation.team({ name, backends, policy: { ...managedRuns, ...policy } });
    await team.untilReady();
    await waitUntil(`the Events of ${name} are sent`, () => areReported(team, backends.length), patience);
    const earlier = await requestsOf(operator);
    const isHeld = 'deletionGuard' in policy;
    for (let index = 0; index < RUNS; index += 1) await build(team, `${name}-${index}`, isHeld);
    await waitUntil(`the ${RUNS} runs of ${name} are stored and read back`, () => areVerified(team), patience);
    // A write shows before the operator has counted it.
    const counted = async (): Promise<boolean> =>
      ((await requestsOf(operator)).get(STATUS_WRITES) ?? 0) - (earlier.get(STATUS_WRITES) ?? 0) >= RUNS;
    await waitUntil(`the requests for ${name} are counted`, counted, patience);
    if (isHeld) await waitUntil(`the runs of ${name} are let go`, () => areFree(team), patience);
    const now = await requestsOf(operator);
    return Object.fromEntries(
      [...now]
        .map(([what, count]) => [what, count - (earlier.get(what) ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
  }

  /** The policy and each of its backends have the Event about their readiness, which follows the status. */
  async function areReported({ name }: Team, backends: number): Promise<boolean> {
    const events = await installation.events(name);
    return events.filter(({ type, reason }) => type === 'Normal' && reason === 'Ready').length === 1 + backends;
  }

  /** A run that is held finishes once it is, so that neither write is refused because of the other. */
  async function build(team: Team, name: string, isHeld: boolean): Promise<void> {
    const runs = new ManagedRuns(client, team);
    if (!isHeld) {
      await runs.build({ name });
      return;
    }
    const image = await team.registry.pushImage(`${team.name}/app`, name);
    await runs.create({ name });
    const held = await waitUntil(`run ${name} is held`, () => heldRun(team, name), patience);
    await runs.finish(held, { results: runs.imageResults(image) });
  }

  async function heldRun({ name: namespace }: Team, name: string): Promise<Manifest | undefined> {
    const signal = AbortSignal.timeout(30_000);
    const run = asManifest(await client.get(runResources.TaskRun, { namespace, name }, { signal }));
    return at(run, 'metadata', 'finalizers') === undefined ? undefined : run;
  }

  async function areFree({ name }: Team): Promise<boolean> {
    const runs = await installation.list(['taskruns', '-n', name]);
    return runs.every((run) => at(run, 'metadata', 'finalizers') === undefined);
  }

  async function areVerified(team: Team): Promise<boolean> {
    const records = await team.records();
    const verified = records.filter((record) => conditionOf(record, 'Verified')?.status === 'True');
    return verified.length === RUNS && verified.every((record) => conditionOf(record)?.status === 'True');
  }

  it('are three where its annotations hold the evidence, however many artifacts it has', async () => {
    assert.deepEqual(await requestsFor('team-annotations', ['tekton']), {
      'create provenancerecords.hallmark.dev': RUNS,
      'patch taskruns.tekton.dev': RUNS,
      [STATUS_WRITES]: RUNS,
    });
  });

  it('are two more where the policy holds runs until they are stored', async () => {
    const requests = await requestsFor('team-held', ['tekton'], { deletionGuard: { type: 'Hold' } });
    assert.deepEqual(requests, {
      'create provenancerecords.hallmark.dev': RUNS,
      'patch taskruns.tekton.dev': 3 * RUNS,
      [STATUS_WRITES]: RUNS,
    });
  });

  it('are two where a registry holds the evidence, and a few for the credentials of all runs', async () => {
    const requests = await requestsFor('team-registry', ['registry']);
    const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
    const counts = JSON.stringify(requests);
    assert.equal(requests['create provenancerecords.hallmark.dev'], RUNS, counts);
    assert.equal(requests[STATUS_WRITES], RUNS, counts);
    assert.ok(total / RUNS <= 2.2, counts);
  });
});
