// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const TIMEOUT_SECONDS = 2 * PATIENCE_SECONDS;
/** More runs than workers in more namespaces than could each have half of them. */
const TEAMS = 5;
const RUNS = 12;
/** Blocks the event loop of a process that gets SIGUSR2, for ever, as a circle of promises does. */
const BLOCKABLE = `data:text/javascript,process.on('SIGUSR2', async () => { for (;;) await undefined; });`;
/** One replica leads without a Lease, which a busy machine may not renew in time; the time of one is what the watchdog waits for. */
const leaderElection = { enabled: false, leaseDurationSeconds: 10, renewDeadlineSeconds: 8, retryPeriodSeconds: 2 };

describe('the event loop of the operator', () => {
  let installation: Installation;
  let operator: OperatorProcess | undefined;

  before(async () => {
    installation = await Installation.start({ label: 'livelock', replicas: 0, tekton: 'Kinds' });
  });
  after(async () => {
    await operator?.stop();
    await installation.stop();
  });

  async function team(index: number): Promise<Team> {
    return installation.team({ name: `team-${index}`, backends: ['tekton'], policy: { ...managedRuns } });
  }

  async function finishRuns(owner: Team, count: number, prefix: string): Promise<void> {
    const runs = new ManagedRuns(adminClient(installation.plane), owner);
    for (let index = 0; index < count; index += 1)
      await runs.finish(await runs.create({ name: `${prefix}-${index}` }), {});
  }

  async function untilReady(owner: Team, count: number): Promise<void> {
    const isReady = (record: ProvenanceRecord): boolean => conditionOf(record)?.status === 'True';
    const all = await owner.untilRecords(count, 'Ready', isReady, TIMEOUT_SECONDS);
    assert.equal(all.length, count);
  }

  it('is served when several teams have finished runs that wait, and one that is blocked ends its process', async () => {
    const teams = await Promise.all(Array.from({ length: TEAMS }, (_, index) => team(index)));
    await Promise.all(teams.map((owner) => finishRuns(owner, RUNS, 'before')));
    operator = await OperatorProcess.start(installation, {
      nodeArgs: ['--import', BLOCKABLE],
      configuration: { leaderElection },
    });
    await operator.untilWorking();
    await Promise.all(teams.map((owner) => untilReady(owner, RUNS)));
    assert.match(await operator.metrics(), /^hallmark_/m, 'the endpoint answers');

    await operator.kill('SIGUSR2');
    assert.equal(operator.exit?.signal, 'SIGKILL');
    assert.match(operator.log(), /"message":"the event loop is blocked: the process ends"/);
    operator.restart();
    await Promise.all(teams.map((owner) => finishRuns(owner, 1, 'after')));
    await Promise.all(teams.map((owner) => untilReady(owner, RUNS + 1)));
  });
});
