// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { rfc3339Seconds } from '../../src/api/v1alpha1/fields/date-time.ts';
import { at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import type { Build, Team } from '../harness/team.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const DAY_MS = 86_400_000;
const eightDaysAgo = rfc3339Seconds(new Date(Date.now() - 8 * DAY_MS));
const finishedLongAgo = { status: { startTime: eightDaysAgo, completionTime: eightDaysAgo } };
const history = { ...managedRuns.runs, finishedAfter: '2020-01-01T00:00:00Z' };

/** The versions and configurations of the operator that follow each other. */
const keepsByDefault = { records: { retention: { default: { type: 'Keep' } } } };
const asInstalled = {};
const limitsToADay = { records: { retention: { default: { type: 'Keep' }, maxSeconds: 86_400 } } };

describe('the retention of records', () => {
  let installation: Installation;
  let operator: OperatorProcess | undefined;
  /** One team says nothing of retention, the other asks for Keep. */
  let silent: Team;
  let keeper: Team;

  before(async () => {
    installation = await Installation.start({ label: 'retention', replicas: 0, tekton: 'Kinds' });
    const backends = ['tekton'];
    silent = await installation.team({ name: 'silent', backends, policy: { runs: history } });
    const record = { retention: 'Keep' };
    keeper = await installation.team({ name: 'keeper', backends, policy: { runs: history, record } });
  });
  after(async () => {
    await operator?.stop();
    await installation.stop();
  });

  async function operate(configuration: Readonly<Record<string, object>>): Promise<void> {
    await operator?.stop();
    const leaderElection = { enabled: false };
    operator = await OperatorProcess.start(installation, { configuration: { leaderElection, ...configuration } });
    await operator.untilWorking();
  }

  function build(owner: Team, name: string, isOld = false): Promise<Build> {
    const runs = new ManagedRuns(adminClient(installation.plane), owner);
    return runs.build({ name, ...(isOld ? finishedLongAgo : {}) });
  }

  async function untilRetired(owner: Team, run: Build): Promise<void> {
    await installation.wait(owner.name, `provenancerecord/${owner.recordName(run)}`, 'delete');
  }

  /** A run that finishes now is through: had an older one been taken up again, it would have its record by now. */
  async function untilLaterRunIsReady(owner: Team, name: string): Promise<void> {
    await owner.readyRecord(await build(owner, name));
  }

  function policyOf(owner: Team): Promise<unknown> {
    return installation.json(['get', 'signingpolicy', 'builds', '-n', owner.name]);
  }

  it('ends records by a default and a limit that come later, and no run of theirs is ever signed again', async () => {
    const old = new Map<Team, Build>();
    for (const owner of [silent, keeper]) old.set(owner, await build(owner, 'old', true));
    const [ofSilent, ofKeeper] = [...old.values()];
    assert.ok(ofSilent !== undefined && ofKeeper !== undefined);
    await operate(keepsByDefault);
    for (const [owner, run] of old) await owner.readyRecord(run);

    // The upgrade: a week is the default.
    await operate(asInstalled);
    await untilRetired(silent, ofSilent);
    const policy = await policyOf(silent);
    assert.equal(at(policy, 'spec', 'record'), undefined, 'what git holds does not change');
    assert.deepEqual(at(policy, 'status', 'effective', 'record'), {
      evidence: 'Keep',
      retention: 'Seconds',
      seconds: 604_800,
    });
    assert.equal(at(policy, 'status', 'retiredBefore'), eightDaysAgo);
    const tooOld = await build(silent, 'too-old', true);
    await untilLaterRunIsReady(silent, 'new');
    assert.equal(await silent.record(tooOld), undefined);
    assert.notEqual(await keeper.record(ofKeeper), undefined);

    // The platform limits what every team may keep.
    await operate(limitsToADay);
    await untilRetired(keeper, ofKeeper);
    await installation.wait('keeper', 'signingpolicy/builds', 'jsonpath={.status.effective.record.seconds}=86400');
    const conditions = at(await policyOf(keeper), 'status', 'conditions');
    assert.match(JSON.stringify(conditions), /"True".*asks for Keep, and the platform keeps records for at most 86400/);
    const record = await keeper.readyRecord(await build(keeper, 'limited'));
    assert.deepEqual(record.spec.retention, { type: 'Seconds', seconds: 86_400 });

    // And takes both back.
    await operate(keepsByDefault);
    for (const [owner, run] of old) {
      await untilLaterRunIsReady(owner, 'last');
      assert.equal(await owner.record(run), undefined, `${owner.name} has its old run signed again`);
    }
    assert.equal(await silent.record(tooOld), undefined);
  });
});
