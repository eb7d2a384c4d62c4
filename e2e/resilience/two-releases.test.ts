// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { setArguments } from '../../codegen/chart/value-sets.ts';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { at, chart } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess, type Release } from '../harness/operator-process.ts';
import type { Build, Team } from '../harness/team.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

/** The first release watches the first two, the second one the last two. */
const NAMESPACES = ['team-first', 'team-both', 'team-second'] as const;
const second: Release = { namespace: 'hallmark-second', fullName: 'second-hallmark' };
const configuration = { retry: { minSeconds: 1, maxSeconds: 2 } };

const watching = (...names: readonly string[]): string => `watchNamespaces=${JSON.stringify(names)}`;

describe('two releases whose namespaces overlap', () => {
  let installation: Installation;
  let operators: Record<'first' | 'second', OperatorProcess>;
  let teams: readonly Team[];
  let alone: Build;
  let contested: Build;
  /** The id of the first release's seal. */
  let sealedByFirst: string;

  before(async () => {
    installation = await Installation.start({
      label: 'two-releases',
      replicas: 0,
      tekton: 'Kinds',
      values: async ({ plane }) => {
        for (const name of NAMESPACES) await plane.kubectl(['create', 'namespace', name]);
        return [watching('team-first', 'team-both')];
      },
    });
    teams = await Promise.all(NAMESPACES.map((name) => makeTeam(name)));
    const earlier = await OperatorProcess.start(installation, { configuration });
    await earlier.untilWorking();
    sealedByFirst = keyOf(await team('team-both').readyRecord(await build('team-both', 'before')));
    await release('install', watching('team-both', 'team-second'));
    operators = { first: earlier, second: await startSecond() };
  });
  after(async () => {
    for (const operator of Object.values(operators)) if (operator.exit === undefined) await operator.stop();
    await installation.stop();
  });

  function makeTeam(name: string): Promise<Team> {
    return installation.team({ name, backends: ['tekton'], policy: { ...managedRuns } });
  }

  function team(name: string): Team {
    return teams.find((each) => each.name === name) ?? assert.fail(name);
  }

  function build(namespace: string, name: string): Promise<Build> {
    return new ManagedRuns(adminClient(installation.plane), team(namespace)).build({ name });
  }

  /** helm, for the second release. */
  function release(action: 'install' | 'upgrade', watched: string): Promise<unknown> {
    const target = ['second', chart, '--namespace', second.namespace, '--create-namespace'];
    return installation.testbed.helm([
      action,
      ...target,
      ...setArguments(['crds.enabled=false', 'replicas=0', watched]),
    ]);
  }

  function startSecond(): Promise<OperatorProcess> {
    return OperatorProcess.start(installation, { release: second, configuration });
  }

  const keyOf = ({ evidence }: ProvenanceRecord): string => String(evidence?.sealKeyID);
  const essence = ({ metadata: { name, uid }, evidence }: ProvenanceRecord): unknown => [name, uid, evidence];

  it('let the second one say so and do nothing, also where it is alone', async () => {
    await waitUntil('the second operator says why', async () => {
      const { isReady, text } = await operators.second.readiness();
      return !isReady && /If another operator made them.*give them separate watchNamespaces/.test(text);
    });
    alone = await build('team-second', 'alone');
    // The first one has gone on meanwhile, and so had the second one its time.
    await team('team-first').readyRecord(await build('team-first', 'meanwhile'));
    assert.equal(await team('team-second').record(alone), undefined);
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'team-second']);
    assert.equal(at(policy, 'status'), undefined);
    assert.equal((await operators.second.readiness()).isReady, false);
  });

  it('have runs of both wait, of which the admission policy of each refuses the records of the other', async () => {
    contested = await build('team-both', 'contested');
    await waitUntil('the first operator is refused', () =>
      /[^\n]*contested[^\n]*Only the Hallmark operator may create ProvenanceRecords/.test(operators.first.log()),
    );
    assert.equal(await team('team-both').record(contested), undefined);
    assert.deepEqual((await team('team-both').records()).map(keyOf), [sealedByFirst]);
  });

  it('sign each run once, each with its own seal, once they are apart', async () => {
    const before = await team('team-both').records();
    await operators.second.stop();
    await release('upgrade', watching('team-second'));
    operators.second = await startSecond();
    await operators.second.untilWorking();
    await team('team-both').readyRecord(contested);
    await team('team-second').readyRecord(alone);
    const [after, theirs] = [await team('team-both').records(), await team('team-second').records()];
    assert.deepEqual(after.map(keyOf), [sealedByFirst, sealedByFirst]);
    assert.equal(theirs.length, 1);
    assert.ok(theirs.every((record) => keyOf(record) !== sealedByFirst));
    for (const record of before) assert.ok(after.some((each) => isDeepStrictEqual(essence(each), essence(record))));
    for (const operator of [operators.first, operators.second])
      assert.equal((await operator.readiness()).isReady, true);
  });
});
