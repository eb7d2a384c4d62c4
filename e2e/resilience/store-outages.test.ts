// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { adminClient } from './admin-client.ts';
import { CutStores, plantedInStores, stores } from './cut-stores.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { processUsage } from './process-usage.ts';
import { signaturesIn } from './signatures-in-stores.ts';

/** Hundreds of uploads to eight servers that share two cores with everything else. */
const TIMEOUT_SECONDS = 3 * PATIENCE_SECONDS;
const MEBIBYTE = 1024 * 1024;
/** Heaps of clients and garbage of hundreds of uploads, most of them at once when the stores are back. */
const MAY_GROW_BYTES = 200 * MEBIBYTE;
/** The number of runs that finish before all stores are cut off, before the operator has noticed it, and after. */
const RUNS = { before: 15, unaware: 10, aware: 35 } as const;
const ALL_RUNS = RUNS.before + RUNS.unaware + RUNS.aware;
/** Teams that use none of the stores, and the runs of each while these are away. */
const HONEST = { teams: ['team-t', 'team-u', 'team-v'], runs: 5 } as const;

describe('all stores but one cut off in the middle of sixty runs', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let cutStores: CutStores;
  let team: Team;
  const honest: Team[] = [];
  let runs: ManagedRuns;
  let image: PushedImage;
  /** The signatures of the records while the stores were down. */
  let signed: ReadonlyMap<string, string | undefined>;
  let residentBefore = 0;

  before(async () => {
    installation = await Installation.start({ label: 'store-outages', replicas: 0, tekton: 'Kinds' });
    cutStores = await CutStores.start(installation.testbed.supervisor);
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow: ['127.0.0.0/8'] }, retry: { minSeconds: 1, maxSeconds: 10 } },
    });
    const backendRefs = ['tekton', ...stores].map((name) => ({ kind: 'StorageBackend', name }));
    team = await installation.team({
      name: 'team-s',
      backends: ['tekton'],
      policy: { ...managedRuns, imageSignatures: { formats: [] }, backendRefs },
    });
    await installation.apply(...cutStores.manifests(team.name));
    for (const name of HONEST.teams)
      honest.push(await installation.team({ name, backends: ['tekton'], policy: managedRuns }));
    runs = new ManagedRuns(adminClient(installation.plane), team);
    await operator.untilWorking();
    await team.untilReady();
    image = await team.registry.pushImage(`${team.name}/app`, 'all');
  });
  after(async () => {
    await operator.stop();
    await cutStores.stop();
    await installation.stop();
  });

  async function finish(prefix: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const created = await runs.create({ name: `${prefix}-${index}` });
      await runs.finish(created, { results: runs.imageResults(image) });
    }
  }

  function untilRecords(
    what: string,
    count: number,
    isSo: (record: ProvenanceRecord) => boolean,
  ): Promise<readonly ProvenanceRecord[]> {
    return team.untilRecords(count, what, isSo, TIMEOUT_SECONDS);
  }

  const isStoredIn =
    (...backends: readonly string[]) =>
    (record: ProvenanceRecord): boolean =>
      backends.every((name) => storageOf(record, name)?.state === 'Stored');

  /** A record is decided when it says of every store that it holds the evidence, or why it does not. */
  const isDecided = (record: ProvenanceRecord): boolean =>
    stores.every((name) => {
      const { state, reason } = storageOf(record, name) ?? {};
      return state === 'Stored' || reason !== undefined;
    });

  function assertNotGrown(): void {
    const grown = processUsage(operator.pid).residentBytes - residentBefore;
    assert.ok(grown < MAY_GROW_BYTES, `the operator grew by ${(grown / MEBIBYTE).toFixed(0)} MiB`);
  }

  it('leaves the one that is there unaffected, and does not hammer the others', async () => {
    await finish('before', RUNS.before);
    await untilRecords('stored everywhere', RUNS.before - 5, isStoredIn('tekton', ...stores));
    residentBefore = processUsage(operator.pid).residentBytes;
    cutStores.forgetRequests();
    await cutStores.cut();
    await finish('unaware', RUNS.unaware);
    await Promise.all(
      stores.map((name) => installation.wait(team.name, `storagebackend/${name}`, 'condition=Ready=False')),
    );
    await untilRecords('tried in every store', RUNS.before + RUNS.unaware, isDecided);
    cutStores.forgetRequests();
    const beganMs = performance.now();
    await finish('aware', RUNS.aware);
    const all = await untilRecords('stored in tekton', ALL_RUNS, isStoredIn('tekton'));
    const later = all.filter(({ spec }) => spec.runRef.name.startsWith('aware-'));
    assert.equal(later.length, RUNS.aware);
    for (const record of later) {
      const tried = stores.filter((name) => storageOf(record, name)?.attempts !== undefined);
      assert.deepEqual(tried, [], 'nothing of the later runs is sent to a store that is down');
    }
    // Probes, one in eight to ten seconds of a few requests each, and what was under way; with one request for each run there would be more.
    const limit = RUNS.aware / 2 + (performance.now() - beganMs) / 1000;
    for (const [name, count] of Object.entries(cutStores.requests())) {
      assert.ok(
        count <= limit,
        `${count} requests to ${name}, which is down, and ${limit.toFixed(0)} expected at most`,
      );
    }
    signed = new Map(all.map((record) => [record.metadata.name, signaturesOf(record)['attestation']]));
    assert.equal(new Set(signed.values()).size, ALL_RUNS);
  });

  it('leaves the teams unaffected that use other backends', async () => {
    for (const other of honest) {
      const others = new ManagedRuns(adminClient(installation.plane), other);
      for (let index = 0; index < HONEST.runs; index += 1) await others.build({ name: `honest-${index}` });
    }
    for (const other of honest) {
      const isReady = (record: ProvenanceRecord): boolean => conditionOf(record)?.status === 'True';
      const all = await other.untilRecords(HONEST.runs, 'Ready', isReady, TIMEOUT_SECONDS);
      assert.equal(all.length, HONEST.runs);
    }
  });

  it('says of every record and store that it waits for it', async () => {
    const waits = (record: ProvenanceRecord): boolean =>
      stores.every((name) => storageOf(record, name)?.reason === 'BackendUnavailable');
    const all = await untilRecords('waiting for every store', ALL_RUNS - RUNS.before, waits);
    for (const record of all.filter(waits)) {
      assert.equal(conditionOf(record)?.status, 'False');
      assert.equal(conditionOf(record)?.reason, 'BackendUnavailable');
      for (const name of stores) assert.equal(storageOf(record, name)?.state, 'Pending', name);
    }
    assertNotGrown();
  });

  it('stores everything when they are back, verifies it, and signs nothing again', async () => {
    await cutStores.heal();
    const all = await untilRecords(
      'Ready and verified',
      ALL_RUNS,
      (record) => conditionOf(record)?.status === 'True' && conditionOf(record, 'Verified')?.status === 'True',
    );
    assert.equal(all.length, ALL_RUNS);
    for (const record of all) {
      assert.ok(isStoredIn('tekton', ...stores)(record));
      assert.equal(signaturesOf(record)['attestation'], signed.get(record.metadata.name));
    }
    assertNotGrown();
  });

  for (const name of stores.filter((store) => store !== 'kafka')) {
    it(`has every statement once in ${name}`, async () => {
      const found = await signaturesIn(name, cutStores.servers, image.digest.slice('sha256:'.length));
      assert.deepEqual(found, [...signed.values()].toSorted());
    });
  }

  it('has every statement in kafka, and only those twice whose answer was lost', async () => {
    const found = await signaturesIn('kafka', cutStores.servers, image.digest);
    assert.deepEqual([...new Set(found)], [...signed.values()].toSorted());
    assert.ok(found.length <= ALL_RUNS + RUNS.before, `${found.length} messages`);
  });

  it('has shown no key or token in logs, Events, metrics or objects', async () => {
    const texts = await shownTexts(installation, operator);
    assert.deepEqual(leaks(texts, [...plantedInStores, ...secretsOf(team)]), []);
    const { stdout } = await installation.kubectl(['get', 'secrets', '-n', team.name, '-o', 'json']);
    for (const secret of plantedInStores) assert.notDeepEqual(leaks({ stdout }, [secret]), []);
  });
});
