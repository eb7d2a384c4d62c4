// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, parseRecord, signaturesOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { signaturesInAnnotations, signaturesInRegistry, signaturesSent } from './stored-signatures.ts';
import { WriteJournal, type Moment, type WriteGate, type WriteRequest } from './write-journal.ts';

/** Immediately before or after which write of a run the operator dies. */
interface KillPoint {
  readonly ordinal: number;
  readonly moment: Moment;
}

const signal = new AbortController().signal;
const patience = { timeoutSeconds: PATIENCE_SECONDS, intervalMilliseconds: 100 } as const;

/** Leases, Events and the statuses of policies and backends are not about a run. */
function isAboutRun({ server, path }: WriteRequest): boolean {
  return server === 'registry' || path.includes('/provenancerecords') || path.includes('/taskruns/');
}

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
    installation = await Installation.start({ label: 'kill-points', replicas: 0 });
    const { plane, testbed } = installation;
    client = adminClient(plane);
    const registry = await RecordingProxy.forRegistry(testbed.registry().host, journal);
    const token = ['create', 'token', 'hallmark', '-n', releaseNamespace, '--duration=1h'];
    const api = await RecordingProxy.forApiServer(plane, testbed.supervisor, {
      token: (await installation.kubectl(token)).stdout.trim(),
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
    const name = { namespace: team.name, name: team.recordName(build) };
    const record = await waitUntil(
      `record ${name.name} is Ready`,
      async () => {
        const found = await client.find(hallmarkResource('ProvenanceRecord'), name, { signal });
        const parsed = found === undefined ? undefined : parseRecord(found);
        return parsed !== undefined && conditionOf(parsed)?.status === 'True' ? parsed : undefined;
      },
      patience,
    );
    const all = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace: team.name, signal });
    const ofRun = all.map(parseRecord).filter(({ spec }) => spec.runRef.uid === build.uid);
    assert.deepEqual(
      ofRun.map(({ metadata }) => metadata.name),
      [name.name],
    );
    const { attestation, ...images } = signaturesOf(record);
    const expected = { attestation: [attestation], image: Object.values(images) };
    assert.match(attestation ?? '', /^[\w+/]{90,}=*$/);
    assert.equal(expected.image.length, 1);
    const run = await client.get(runResources.TaskRun, { namespace: team.name, name: build.name }, { signal });
    assert.deepEqual(signaturesInAnnotations(run, build), expected, 'the annotations');
    assert.deepEqual(await signaturesInRegistry(team, build), expected, 'the registry');
    assert.deepEqual(signaturesSent(journal.forwarded, build), expected, 'all that ever left');
  }

  /** Has the operator killed at this point; resolves when it is dead and nothing of it is on its way any more. */
  function armed({ ordinal, moment }: KillPoint): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const ordinals = new Map<WriteRequest, number>();
    let isDead = false;
    const gate: WriteGate = async (write, now) => {
      if (isDead) return false;
      if (!isAboutRun(write)) return true;
      if (now === 'Unsent') ordinals.set(write, ordinals.size + 1);
      if (now !== moment || ordinals.get(write) !== ordinal) return true;
      isDead = true;
      await operator.kill('SIGKILL');
      resolve(undefined);
      return false;
    };
    journal.forwarded.length = 0;
    journal.gate = gate;
    return promise;
  }

  /** Does not wait for the Lease of the dead replica to expire: another test does. */
  async function startAgain(): Promise<void> {
    journal.gate = () => Promise.resolve(true);
    await installation.kubectl(['delete', 'lease', '--all', '-n', releaseNamespace]);
    operator.restart();
    await operator.untilWorking();
  }

  it('makes these writes for a run with an image and two backends when nothing disturbs it', async () => {
    const build = await runs.build({ name: 'undisturbed' });
    await assertSignedOnce(build);
    writes = journal.forwarded.filter(isAboutRun).map(titleOf);
    const upload = ['registry: POST upload', 'registry: PUT blob'];
    assert.deepEqual(
      // A slow registry has the status written twice.
      writes.filter((title, index) => title !== 'API: PUT record status' || index === writes.length - 1).toSorted(),
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
    const ordinals = writes.filter((title, index) => title !== 'API: PUT record status' || index === writes.length - 1);
    const points = ordinals.flatMap((_title, index): KillPoint[] => [
      { ordinal: index + 1, moment: 'Unsent' },
      { ordinal: index + 1, moment: 'Unanswered' },
    ]);
    for (const point of points) {
      const when = point.moment === 'Unsent' ? 'before it is sent' : 'before its answer arrives';
      await test.test(`killed at write ${point.ordinal} of ${ordinals.length}, ${when}`, async () => {
        const killed = armed(point);
        const build = await runs.build({ name: `killed-${point.ordinal}-${point.moment.toLowerCase()}` });
        await waitUntil('the operator is dead', () => operator.exit?.signal === 'SIGKILL', patience);
        await killed;
        await startAgain();
        await assertSignedOnce(build);
      });
    }
  });
});
