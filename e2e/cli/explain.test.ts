// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { commandProgram } from '../harness/command-program.ts';
import { Installation } from '../harness/installation.ts';
import type { Team } from '../harness/team.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand, type CommandOutput } from '../testbed/processes/run-command.ts';

describe('hallmark explain, on a real cluster', () => {
  let installation: Installation;
  let team: Team;

  before(async () => {
    installation = await Installation.start({ label: 'explain', replicas: 1 });
    team = await installation.team({ name: 'team-a' });
    await team.untilReady();
  });
  after(() => installation.stop());

  function explain(...args: readonly string[]): Promise<CommandOutput> {
    const env = { ...compileCache(), KUBECONFIG: installation.plane.kubeconfigPath, PATH: process.env['PATH'] ?? '' };
    return runCommand(process.execPath, [commandProgram, 'explain', ...args], { env });
  }

  it('says that a run is signed and stored', async () => {
    await team.readyRecord(await team.build({ name: 'signed' }));
    const { stdout } = await explain('taskrun/signed', '-n', 'team-a');
    assert.match(stdout, /TaskRun team-a\/signed: Succeeded at /);
    assert.match(stdout, /SigningPolicy team-a\/builds: Stored \(record signed-\w{10}\)/);
  });

  it('says why a policy leaves a run alone', async () => {
    await team.build({ name: 'unlabelled', isRelease: false });
    const { stdout } = await explain('unlabelled', '--namespace', 'team-a');
    assert.match(stdout, /SigningPolicy team-a\/builds: not selected\n\s+the run's labels do not match spec\.selector/);
  });

  it('prints the same as JSON', async () => {
    const { stdout } = await explain('signed', '-n', 'team-a', '-o', 'json');
    const explanation: unknown = JSON.parse(stdout);
    assert.ok(typeof explanation === 'object' && explanation !== null && 'isFine' in explanation);
    assert.equal(explanation.isFine, true);
  });

  it('exits with 1 when a selected run is not signed', async () => {
    await installation.patch('team-a', 'signingpolicy/builds', { spec: { suspend: true } });
    await team.recordWithReason(await team.build({ name: 'suspended' }), 'Suspended');
    await assert.rejects(explain('suspended', '-n', 'team-a'), { exitCode: 1, stdout: /builds: Suspended/ });
  });

  it('says that there is no such run', async () => {
    await assert.rejects(explain('nowhere', '-n', 'team-a'), {
      exitCode: 1,
      stderr: /there is no TaskRun or PipelineRun "nowhere" in namespace "team-a"/,
    });
  });

  it('exits with 2 when the command line is wrong', async () => {
    await assert.rejects(explain('--no-such-flag'), { exitCode: 2 });
  });
});
