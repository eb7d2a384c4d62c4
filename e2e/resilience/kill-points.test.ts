// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { at, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { signaturesOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { isAboutRun, isOf, KillGate, type KillPoint } from './kill-gate.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { signaturesInAnnotations, signaturesInRegistry, signaturesSent } from './stored-signatures.ts';
import { WriteJournal, type WriteRequest } from './write-journal.ts';

const signal = new AbortController().signal;
const patience = { timeoutSeconds: PATIENCE_SECONDS, intervalMilliseconds: 100 } as const;

/** Runs that are each at a write of their own when the operator is killed; fewer than it signs or stores at once for a team. */
const AT_ONCE = 6;

/** The kind of a write, without the names in it. */
function titleOf({ server, method, path }: WriteRequest): string {
  if (server === 'registry') {
    const what = path.includes('/manifests/') ? path.slice(-3) : method === 'POST' ? 'upload' : 'blob';
    return `registry: ${method} ${what}`;
  }
  return `API: ${method} ${path.includes('/taskruns/') ? 'run' : path.endsWith('/status') ? 'record status' : 'record'}`;
}

describe('the operator killed with kill -9 between any two writes', () => {
  let installation: Installation;
  let client: KubeClient;
  let operator: OperatorProcess;
  let team: Team;
  let runs: ManagedRuns;
  const journal = new WriteJournal();
  const proxies: RecordingProxy[] = [];
  let writes: readonly string[] = [];

  before(async () => {
    installation = await Installation.start({ label: 'kill-points', replicas: 0, tekton: 'Kinds' });
    const { plane, testbed } = installation;
    client = adminClient(plane);
    const registry = await RecordingProxy.forRegistry(testbed.registry().host, journal);
    const api = await RecordingProxy.forApiServer(plane, testbed.supervisor, {
      token: await plane.tokenOf(releaseNamespace, 'hallmark'),
      journal,
    });
    proxies.push(registry, api.proxy);
    operator = await OperatorProcess.start(installation, {
      kubeconfig: api.kubeconfig,
      configuration: {
        outbound: { allow: [registry.host] },
        retry: { minSeconds: 1, maxSeconds: 2 },
        // Longer than any pause of a machine that has more to do: its Lease is deleted when it is killed.
        leaderElection: { leaseDurationSeconds: 120, renewDeadlineSeconds: 100, retryPeriodSeconds: 1 },
      },
    });
    team = await installation.team({ name: 'team-k', policy: managedRuns });
    runs = new ManagedRuns(client, team, registry.host);
    await operator.untilWorking();
    await team.untilReady();
  });
  after(async () => {
    await operator.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await installation.stop();
  });

  /** Waits until the run's record is Ready, and checks that there is one, with the only signatures that were ever stored. */
  async function assertSignedOnce(build: Build): Promise<void> {
    const record = await team.readyRecord(build);
    const all = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace: team.name, signal });
    const ofRun = all.filter((other) => at(other, 'spec', 'runRef', 'uid') === build.uid);
    assert.deepEqual(
      ofRun.map((other) => at(other, 'metadata', 'name')),
      [team.recordName(build)],
    );
    const { attestation, ...images } = signaturesOf(record);
    const expected = { attestation: [attestation], image: Object.values(images) };
    assert.match(attestation ?? '', /^[\w+/]{90,}=*$/);
    assert.equal(expected.image.length, 1);
    const run = await client.get(runResources.TaskRun, { namespace: team.name, name: build.name }, { signal });
    assert.deepEqual(signaturesInAnnotations(run, build), expected, 'the annotations');
    assert.deepEqual(await signaturesInRegistry(team, build), expected, 'the registry');
    const sent = journal.forwarded.filter((write) => write.server === 'API' || isOf(write, build.name));
    assert.deepEqual(signaturesSent(sent, build), expected, 'all that ever left');
  }

  /** Builds a run for each point, and has the operator killed when each is at its own. */
  async function buildAndKill(points: readonly KillPoint[]): Promise<readonly Build[]> {
    const gate = new KillGate(new Map(points.map((point) => [runNameOf(point), point])));
    journal.forwarded.length = 0;
    journal.gate = gate.gate;
    const killed = gate.killed(() => operator.kill('SIGKILL'));
    const builds = await Promise.all(
      points.map((point) => runs.build({ name: runNameOf(point), repository: runNameOf(point) })),
    );
    await waitUntil('each run is held at its write', () => gate.held.size === points.length, patience);
    await killed;
    assert.equal(operator.exit?.signal, 'SIGKILL');
    return builds;
  }

  /** Does not wait for the Lease of the dead replica to expire: another test does. */
  async function startAgain(): Promise<void> {
    journal.gate = () => Promise.resolve(true);
    await installation.kubectl(['delete', 'lease', '--all', '-n', releaseNamespace]);
    operator.restart();
    await operator.untilWorking();
  }

  it('makes these writes for a run with an image and two backends when nothing disturbs it', async () => {
    const build = await runs.build({ name: 'undisturbed', repository: 'undisturbed' });
    await assertSignedOnce(build);
    writes = journal.forwarded.filter(isAboutRun).map(titleOf);
    const upload = ['registry: POST upload', 'registry: PUT blob'];
    assert.deepEqual(
      writes.toSorted(),
      [
        'API: PATCH run',
        'API: POST record',
        'API: PUT record status',
        ...[...upload, ...upload, 'registry: PUT att'],
        ...[...upload, ...upload, 'registry: PUT sig'],
      ].toSorted(),
    );
    assert.equal(writes[0], 'API: POST record', 'what is signed is written down before any of it leaves');
  });

  it('leaves exactly one record per run and policy, whose signature is the only one ever stored', async (test) => {
    const points = writes.flatMap((_title, index): KillPoint[] => [
      { ordinal: index + 1, moment: 'Unsent' },
      { ordinal: index + 1, moment: 'Unanswered' },
    ]);
    for (let first = 0; first < points.length; first += AT_ONCE) {
      const some = points.slice(first, first + AT_ONCE);
      await test.test(`killed while ${some.length} runs are each at a write of their own`, async (kill) => {
        const builds = await buildAndKill(some);
        await startAgain();
        for (const [index, { ordinal, moment }] of some.entries()) {
          const when = moment === 'Unsent' ? 'before it is sent' : 'before its answer arrives';
          const build = builds[index];
          assert.ok(build !== undefined);
          await kill.test(`at write ${ordinal} of ${writes.length}, ${when}`, () => assertSignedOnce(build));
        }
      });
    }
  });
});

function runNameOf({ ordinal, moment }: KillPoint): string {
  return `killed-${ordinal}-${moment.toLowerCase()}`;
}
