// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import type { Fault } from '../testbed/fault-proxy/fault.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { processUsage } from './process-usage.ts';
import { parseCosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';

const HUNDRED = 100;
const TEAMS = ['team-o', 'team-p', 'team-q', 'team-r'] as const;
/** A hundred appends to one tag, one after the other. */
const patience = { timeoutSeconds: 3 * PATIENCE_SECONDS, intervalMilliseconds: 500 } as const;
const MEBIBYTE = 1024 * 1024;

function isReadyAndVerified(record: ProvenanceRecord): boolean {
  return conditionOf(record)?.status === 'True' && conditionOf(record, 'Verified')?.status === 'True';
}

/** What a failed test shows of a record. */
function told({ metadata, status }: ProvenanceRecord): string {
  const conditions = (status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  return [metadata.name, ...conditions, JSON.stringify(status?.storage)].join('\n  ');
}

describe('a server that fails in the middle of many runs of four teams', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let proxy: FaultProxy;
  const teams: { readonly team: Team; readonly runs: ManagedRuns }[] = [];
  let image: PushedImage;
  const builds: Build[] = [];

  before(async () => {
    installation = await Installation.start({ label: 'backend-outage', replicas: 0 });
    const { host } = installation.testbed.registry();
    proxy = await FaultProxy.start({ target: `http://${host}` });
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow: [host, proxy.host] }, retry: { minSeconds: 1, maxSeconds: 2 } },
    });
    for (const name of TEAMS) {
      const team = await installation.team({
        name,
        backends: ['tekton'],
        policy: { ...managedRuns, backendRefs: [] },
      });
      await installation.apply({
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'StorageBackend',
        metadata: { name: 'evidence', namespace: team.name },
        spec: {
          type: 'OCI',
          artifacts: ['Attestation'],
          oci: {
            encoding: 'CosignTags',
            repository: `${proxy.host}/evidence/all`,
            authentication: { type: 'Anonymous' },
            tls: { insecure: true },
          },
        },
      });
      teams.push({ team, runs: new ManagedRuns(adminClient(installation.plane), team) });
    }
    await operator.untilWorking();
    for (const { team } of teams) {
      await team.untilReady();
      await installation.wait(team.name, 'storagebackend/evidence', 'condition=Ready');
    }
    image = await installation.testbed.registry().pushImage('team-o/app', 'all');
  });
  after(async () => {
    await operator.stop();
    await proxy.stop();
    await installation.stop();
  });

  /** A run of the next team in turn. */
  async function build(name: string): Promise<void> {
    const next = teams[builds.length % teams.length];
    assert.ok(next !== undefined);
    const { runs } = next;
    const created = await runs.create({ name });
    await runs.finish(created, { results: runs.imageResults(image) });
    const uid = String(Reflect.get(Object(created['metadata']), 'uid'));
    builds.push({ kind: 'TaskRun', name, uid, image });
  }

  async function records(): Promise<readonly ProvenanceRecord[]> {
    return (await Promise.all(teams.map(({ team }) => team.records()))).flat();
  }

  async function untilStoredIn(backend: string, count = builds.length): Promise<readonly ProvenanceRecord[]> {
    return waitUntil(
      `${count} records are stored in ${backend}`,
      async () => {
        const all = await records();
        const stored = all.filter((record) => storageOf(record, backend)?.state === 'Stored');
        return stored.length >= count ? all : undefined;
      },
      patience,
    );
  }

  /** One layer for each run, whatever happened on the way: the tag of the one image that all of them built. */
  async function statements(): Promise<number> {
    const path = `/v2/evidence/all/manifests/${image.digest.replace(':', '-')}.att`;
    const { status, body } = await installation.testbed.registry().client().send(path);
    assert.equal(status, 200);
    return parseCosignManifest(body)?.layers.length ?? 0;
  }

  async function untilHealed(): Promise<void> {
    proxy.heal();
    const all = await untilStoredIn('evidence');
    assert.equal(all.length, builds.length);
    let unwell: readonly string[] = [];
    const isWell = async (): Promise<boolean> => {
      unwell = (await records()).filter((record) => !isReadyAndVerified(record)).map(told);
      return unwell.length === 0;
    };
    await waitUntil('every record is Ready and verified', isWell, patience).catch((cause: unknown) => {
      throw new Error(`not Ready and verified:\n${unwell.join('\n')}`, { cause });
    });
    assert.equal(await statements(), builds.length, 'every statement is there once');
  }

  it('keeps a hundred runs waiting while the others get theirs, is not hammered, and gets everything once', async () => {
    for (let index = 0; index < HUNDRED / 2; index += 1) await build(`before-${index}`);
    await untilStoredIn('evidence', 10);
    proxy.fail({ type: 'Reset' });
    for (let index = 0; index < HUNDRED / 2; index += 1) await build(`during-${index}`);
    const all = await untilStoredIn('tekton');
    const signatures = new Map(all.map((record) => [record.metadata.uid, signaturesOf(record)]));
    for (const { team } of teams)
      await installation.wait(team.name, 'storagebackend/evidence', 'condition=Ready=False');
    proxy.requests.length = 0;
    // A second round of everybody's back-off, were there one for each run, would show in the requests.
    for (let index = 0; index < 5; index += 1) await build(`late-${index}`);
    await untilStoredIn('tekton');
    await waitUntil('the probe has asked twice more', () => proxy.requests.length >= 2, patience);
    // However long that takes: whoever stores asks for manifests and blobs, and a probe for neither.
    const uploads = proxy.requests.map(({ path }) => path).filter((path) => path !== '/v2/');
    assert.deepEqual(uploads, [], 'a backend that is down is asked for nothing but whether it is back');
    const waiting = (await records()).filter((record) => storageOf(record, 'evidence')?.state === 'Pending');
    assert.ok(waiting.length >= HUNDRED / 2);
    for (const record of waiting) {
      assert.equal(conditionOf(record)?.status, 'False');
      assert.equal(conditionOf(record)?.reason, 'BackendUnavailable');
      assert.match(conditionOf(record)?.message ?? '', /StorageBackend evidence: .*127\.0\.0\.1/);
    }
    await untilHealed();
    for (const record of await records()) {
      const before = signatures.get(record.metadata.uid);
      if (before !== undefined) assert.deepEqual(signaturesOf(record), before, 'nothing is signed twice');
    }
  });

  const faults: readonly (readonly [what: string, fault: Fault])[] = [
    ['answers 500', { type: 'Status', status: 500 }],
    ['answers 429 with Retry-After', { type: 'Status', status: 429, headers: { 'retry-after': '2' } }],
    ['answers 401', { type: 'Status', status: 401 }],
    ['answers garbage', { type: 'Garbage' }],
    ['answers without end', { type: 'Endless' }],
    ['redirects to itself for ever', { type: 'RedirectLoop' }],
    ['breaks off its answers', { type: 'Truncated' }],
    ['does what it is asked and breaks off', { type: 'LostAnswer' }],
    ['is full', { type: 'Status', status: 507 }],
  ];
  for (const [what, fault] of faults) {
    it(`loses nothing and stores nothing twice in one that ${what}`, async () => {
      const before = processUsage(operator.pid).residentBytes;
      proxy.fail(fault);
      const name = what.replaceAll(/\W+/g, '-').toLowerCase();
      for (let index = 0; index < 2; index += 1) await build(`${name}-${index}`);
      await untilStoredIn('tekton');
      await waitUntil(
        'the first of them has failed',
        async () => (await records()).some((record) => storageOf(record, 'evidence')?.reason !== undefined),
        patience,
      );
      await untilHealed();
      const grown = (processUsage(operator.pid).residentBytes - before) / MEBIBYTE;
      assert.ok(grown < 100, `the operator grew by ${grown.toFixed(0)} MiB`);
    });
  }
});
