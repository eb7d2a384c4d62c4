// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import { evidenceBackend } from '../harness/team-manifests.ts';
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

/** The lines about a record that a failed test prints. */
function summaryOf({ metadata, status }: ProvenanceRecord): string {
  const conditions = (status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  return [metadata.name, ...conditions, JSON.stringify(status?.storage)].join('\n  ');
}

/** Teams whose evidence goes into annotations, and into one repository of a registry that can be made to fail. */
class SharedRepository {
  readonly proxy: FaultProxy;
  readonly builds: Build[] = [];
  readonly #installation: Installation;
  readonly #name: string;
  readonly #teams: { readonly team: Team; readonly runs: ManagedRuns }[] = [];
  readonly #image: PushedImage;

  private constructor(installation: Installation, name: string, parts: { proxy: FaultProxy; image: PushedImage }) {
    this.#installation = installation;
    this.#name = name;
    this.proxy = parts.proxy;
    this.#image = parts.image;
  }

  static async create(installation: Installation, name: string, teams: readonly string[]): Promise<SharedRepository> {
    const registry = installation.testbed.registry();
    const proxy = await FaultProxy.start({ target: `http://${registry.host}` });
    const image = await registry.pushImage(`${name}/app`, 'all');
    const repository = new SharedRepository(installation, name, { proxy, image });
    for (const team of teams) await repository.#addTeam(team);
    return repository;
  }

  async #addTeam(name: string): Promise<void> {
    const policy = { ...managedRuns, backendRefs: [] };
    const team = await this.#installation.team({ name, backends: ['tekton'], policy });
    await this.#installation.apply(evidenceBackend(name, `${this.proxy.host}/evidence/${this.#name}`));
    this.#teams.push({ team, runs: new ManagedRuns(adminClient(this.#installation.plane), team) });
  }

  async untilReady(): Promise<void> {
    for (const { team } of this.#teams) await team.untilReady();
    await this.untilBackendsAre('True');
  }

  async untilBackendsAre(status: 'True' | 'False'): Promise<void> {
    for (const { team } of this.#teams)
      await this.#installation.wait(team.name, 'storagebackend/evidence', `condition=Ready=${status}`);
  }

  /** A run of the next team in turn. */
  async build(name: string): Promise<void> {
    const next = this.#teams[this.builds.length % this.#teams.length];
    assert.ok(next !== undefined);
    const { runs } = next;
    const created = await runs.create({ name });
    await runs.finish(created, { results: runs.imageResults(this.#image) });
    const uid = String(Reflect.get(Object(created['metadata']), 'uid'));
    this.builds.push({ kind: 'TaskRun', name, uid, image: this.#image });
  }

  async records(): Promise<readonly ProvenanceRecord[]> {
    return (await Promise.all(this.#teams.map(({ team }) => team.records()))).flat();
  }

  async untilStoredIn(backend: string, count = this.builds.length): Promise<readonly ProvenanceRecord[]> {
    return waitUntil(
      `${count} records are stored in ${backend}`,
      async () => {
        const all = await this.records();
        const stored = all.filter((record) => storageOf(record, backend)?.state === 'Stored');
        return stored.length >= count ? all : undefined;
      },
      patience,
    );
  }

  /** Uploads that began before the outage was noticed have ended when each record that is not stored says why. */
  async untilNoUploadIsOpen(): Promise<void> {
    const isOver = (record: ProvenanceRecord): boolean => {
      const { state, reason } = storageOf(record, 'evidence') ?? {};
      return state === 'Stored' || reason !== undefined;
    };
    await waitUntil('no upload is open', async () => (await this.records()).every(isOver), patience);
  }

  /** One layer for each run, whatever happened on the way: the tag of the one image that all of them built. */
  async #statements(): Promise<number> {
    const path = `/v2/evidence/${this.#name}/manifests/${this.#image.digest.replace(':', '-')}.att`;
    const { status, body } = await this.#installation.testbed.registry().client().send(path);
    assert.equal(status, 200);
    return parseCosignManifest(body)?.layers.length ?? 0;
  }

  /** Ends the fault, and waits until every record is Ready and verified, and every statement is there once. */
  async untilHealed(): Promise<void> {
    this.proxy.heal();
    const all = await this.untilStoredIn('evidence');
    assert.equal(all.length, this.builds.length);
    let unwell: readonly string[] = [];
    const isWell = async (): Promise<boolean> => {
      unwell = (await this.records()).filter((record) => !isReadyAndVerified(record)).map(summaryOf);
      return unwell.length === 0;
    };
    await waitUntil('every record is Ready and verified', isWell, patience).catch((cause: unknown) => {
      throw new Error(`not Ready and verified:\n${unwell.join('\n')}`, { cause });
    });
    assert.equal(await this.#statements(), this.builds.length, 'every statement is there once');
  }
}

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

describe('a server that fails in the middle of many runs of several teams', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  const repositories: SharedRepository[] = [];

  before(async () => {
    installation = await Installation.start({ label: 'backend-outage', replicas: 0, tekton: 'Kinds' });
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow: ['127.0.0.0/8'] }, retry: { minSeconds: 1, maxSeconds: 2 } },
    });
    await operator.untilWorking();
  });
  after(async () => {
    await operator.stop();
    await Promise.all(repositories.map(({ proxy }) => proxy.stop()));
    await installation.stop();
  });

  async function readyRepository(name: string, teams: readonly string[]): Promise<SharedRepository> {
    const repository = await SharedRepository.create(installation, name, teams);
    repositories.push(repository);
    await repository.untilReady();
    return repository;
  }

  it('keeps a hundred runs waiting while the others get theirs, is not hammered, and gets everything once', async () => {
    const repository = await readyRepository('all', TEAMS);
    const { proxy } = repository;
    for (let index = 0; index < HUNDRED / 2; index += 1) await repository.build(`before-${index}`);
    await repository.untilStoredIn('evidence', 10);
    proxy.fail({ type: 'Reset' });
    for (let index = 0; index < HUNDRED / 2; index += 1) await repository.build(`during-${index}`);
    const all = await repository.untilStoredIn('tekton');
    const signatures = new Map(all.map((record) => [record.metadata.uid, signaturesOf(record)]));
    await repository.untilBackendsAre('False');
    await repository.untilNoUploadIsOpen();
    proxy.requests.length = 0;
    // A second round of everybody's back-off, were there one for each run, would show in the requests.
    for (let index = 0; index < 5; index += 1) await repository.build(`late-${index}`);
    await repository.untilStoredIn('tekton');
    await waitUntil('the probe has asked twice more', () => proxy.requests.length >= 2, patience);
    // However long that takes: an upload asks for manifests and blobs, and a probe for neither.
    const uploads = proxy.requests.map(({ path }) => path).filter((path) => path !== '/v2/');
    assert.deepEqual(uploads, [], 'a backend that is down is asked for nothing but whether it is back');
    const waiting = (await repository.records()).filter((record) => storageOf(record, 'evidence')?.state === 'Pending');
    assert.ok(waiting.length >= HUNDRED / 2);
    for (const record of waiting) {
      assert.equal(conditionOf(record)?.status, 'False');
      assert.equal(conditionOf(record)?.reason, 'BackendUnavailable');
      assert.match(conditionOf(record)?.message ?? '', /StorageBackend evidence: .*127\.0\.0\.1/);
    }
    await repository.untilHealed();
    for (const record of await repository.records()) {
      const before = signatures.get(record.metadata.uid);
      if (before !== undefined) assert.deepEqual(signaturesOf(record), before, 'nothing is signed twice');
    }
  });

  // Each has a registry and two teams of its own, and waits for back-off most of the time.
  describe('loses nothing and stores nothing twice in one that', { concurrency: 3 }, () => {
    for (const [index, [what, fault]] of faults.entries()) {
      it(what, async () => {
        const name = `faulty-${index}`;
        const repository = await readyRepository(name, [`${name}-a`, `${name}-b`]);
        for (const team of ['a', 'b']) await repository.build(`before-${team}`);
        await repository.untilStoredIn('evidence');
        const before = processUsage(operator.pid).residentBytes;
        repository.proxy.fail(fault);
        for (const team of ['a', 'b']) await repository.build(`during-${team}`);
        await repository.untilStoredIn('tekton');
        await waitUntil(
          'the first of them has failed',
          async () =>
            (await repository.records()).some((record) => storageOf(record, 'evidence')?.reason !== undefined),
          patience,
        );
        await repository.untilHealed();
        const grown = (processUsage(operator.pid).residentBytes - before) / MEBIBYTE;
        assert.ok(grown < 100, `the operator grew by ${grown.toFixed(0)} MiB`);
      });
    }
  });
});
