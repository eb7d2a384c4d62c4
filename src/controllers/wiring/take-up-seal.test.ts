// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, isObject, objectField } from '../../json/fields.ts';
import { readRecord } from '../../records/read-record.ts';
import { summariseRecord } from '../../records/record-summary.ts';
import { sealKeyID } from '../../records/seal/seal.ts';
import { NAMESPACES, SECRETS } from '../../kube/core-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import { droppedFixture } from '../../evidence/artifact.fixture.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { ModelApi, unreachable } from '../../kube/model-api.fixture.ts';
import { ReconcilerWorld } from '../fixtures/reconciler-world.fixture.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import type { SealKey } from '../../records/seal/seal-key.ts';
import { takeUpSeal } from './take-up-seal.ts';

const { signal } = new AbortController();
const first = Buffer.alloc(32, 1);
const second = Buffer.alloc(32, 2);
const CREATE_SECRET = 'create secrets';
const DELETE = 'delete provenancerecords.hallmark.dev';

describe('an operator that takes up its seal', () => {
  let clock: ManualClock;
  let api: ModelApi;
  let reported: (string | undefined)[];
  beforeEach(() => {
    clock = new ManualClock();
    api = new ModelApi(clock);
    reported = [];
  });

  /** Records of an operator with the first key. */
  async function makeRecords(policy: object = {}): Promise<ReconcilerWorld> {
    const world = new ReconcilerWorld({ clock, api, sealKey: new SecretValue(first) });
    await world.setPolicy(policy);
    world.addStore();
    for (let index = 0; index < 8; index += 1)
      await world.reconcileRun(await world.addRun(`bake-${index}`, '2026-01-02T03:04:00Z'));
    await world.reconcileRecords();
    assert.equal(world.stored, 8);
    return world;
  }

  /** The same once their payloads are dropped. */
  async function makeLighterRecords(): Promise<void> {
    const world = await makeRecords();
    const places = [{ kind: 'StorageBackend', name: 'store', uri: 'store://evidence' }] as const;
    for (const object of world.records) {
      const read = readRecord(object, world.context.sealKey);
      assert.ok(read?.isTrusted);
      const { spec, evidence } = read.object;
      const artifacts = evidence?.artifacts?.map((artifact) => droppedFixture(artifact, places)) ?? assert.fail();
      await world.context.writer.amend(read, { spec, evidence: { ...evidence, artifacts } }, signal);
    }
  }

  async function putSecret(namespace: string, key: Buffer, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const data = { key: key.toString('base64'), ...more };
    await api.client.create(SECRETS, { metadata: { namespace, name: 'hallmark-seal' }, ...{ data } }, { signal });
  }

  function takeUp(
    operatorNamespace = 'hallmark-system',
    watchNamespaces: string[] = [],
  ): { readonly key: () => SealKey | undefined } {
    let taken: SealKey | undefined;
    const onWait = (message: string | undefined): void => void reported.push(message);
    const configuration = { operatorNamespace, watchNamespaces };
    void takeUpSeal({ client: api.client, clock, configuration, onWait }, signal).then((key) => (taken = key));
    return { key: () => taken };
  }

  it('makes a key in a new cluster', async () => {
    const { key } = takeUp();
    await clock.advance(0);
    assert.equal(key()?.value.reveal().length, 32);
    assert.deepEqual([reported, api.count(CREATE_SECRET)], [[], 1]);
  });

  it('waits while its key is lost that records are sealed with, and goes on once it is restored', async () => {
    await makeRecords();
    const { key } = takeUp();
    await clock.advance(60_000);
    assert.deepEqual([key(), api.count(CREATE_SECRET), reported.length], [undefined, 0, 1]);
    assert.match(
      reported[0] ?? '',
      /"hallmark-system\/hallmark-seal" is missing.*another operator.*watchNamespaces.*restore it from a backup/,
    );
    await putSecret('hallmark-system', first);
    await clock.advance(10_000);
    assert.deepEqual(Buffer.from(key()?.value.reveal() ?? []), first);
    assert.equal(reported.at(-1), undefined);
  });

  it('goes on with a new key that names the lost one', async () => {
    await makeRecords();
    const lost = sealKeyID(new SecretValue(first));
    await putSecret('hallmark-system', second, { replaces: Buffer.from(lost).toString('base64') });
    const { key } = takeUp();
    await clock.advance(0);
    assert.deepEqual([...(key()?.replaces ?? [])], [lost]);
  });

  it("does nothing where all records are another operator's, and says whose", async () => {
    await makeRecords();
    await putSecret('hallmark-two', second);
    const { key } = takeUp('hallmark-two');
    await clock.advance(600_000);
    assert.equal(key(), undefined);
    const other = sealKeyID(new SecretValue(first));
    assert.match(
      reported[0] ?? '',
      new RegExp(`sealed with key ${other}.*another operator works here.*watchNamespaces`),
    );
    assert.equal(reported.length, 1);
  });

  it('works where one namespace is full of records that name another key, and its own are elsewhere', async () => {
    await makeRecords();
    for (const name of ['aaa', 'team-a']) await api.client.create(NAMESPACES, { metadata: { name } }, { signal });
    const evidence = { seal: 'planted', sealKeyID: 'planted' };
    for (let index = 0; index < 501; index += 1) {
      const metadata = { namespace: 'aaa', name: `planted-${index}` };
      await api.client.create(hallmarkResource('ProvenanceRecord'), Object.assign({ metadata }, { evidence }), {
        signal,
      });
    }
    await putSecret('hallmark-system', first);
    const { key } = takeUp();
    await clock.advance(0);
    assert.deepEqual([reported, Buffer.from(key()?.value.reveal() ?? [])], [[], first]);
  });

  it('works next to another operator in separate namespaces', async () => {
    await makeRecords();
    const { key } = takeUp('hallmark-two', ['team-b']);
    await clock.advance(0);
    assert.ok(key() !== undefined);
  });

  it("does nothing where its namespaces overlap another operator's, until they do not", async () => {
    await makeRecords();
    await putSecret('hallmark-two', second);
    const { key } = takeUp('hallmark-two', ['team-b', 'team-a']);
    await clock.advance(600_000);
    assert.equal(key(), undefined);
    assert.match(reported[0] ?? '', /another operator works here.*give them separate watchNamespaces/);
    const apart = takeUp('hallmark-two', ['team-b', 'team-c']);
    await clock.advance(0);
    assert.deepEqual(Buffer.from(apart.key()?.value.reveal() ?? []), second);
  });

  it('stores each run once where two began with overlapping namespaces before there was any record', async () => {
    const worlds = [first, second].map((key) => new ReconcilerWorld({ clock, api, sealKey: new SecretValue(key) }));
    const [one, two] = worlds;
    assert.ok(one !== undefined && two !== undefined);
    await one.setPolicy();
    await two.readPolicy();
    for (const world of worlds) world.addStore();
    const runs: RunKey[] = [];
    for (let index = 0; index < 4; index += 1) runs.push(await one.addRun(`bake-${index}`, '2026-01-02T03:04:00Z'));
    for (const run of runs) two.existingRuns.add(run);
    // Each is first with half of them.
    for (const [index, run] of runs.entries())
      for (const world of index % 2 === 0 ? [one, two] : [two, one]) await world.reconcileRun(run);
    for (const world of worlds) world.deliverRecords();
    for (const world of worlds) await world.reconcileRecords();
    await clock.advance(600_000);
    assert.deepEqual([one.records.length, one.stored, two.stored], [4, 2, 2]);
    const keysIn = (records: readonly unknown[]): unknown[] =>
      records.map((record) => field(field(record, 'evidence'), 'sealKeyID')).toSorted();
    const keyIDs = [first, second].map((key) => sealKeyID(new SecretValue(key)));
    assert.deepEqual(keysIn(one.records), [...keyIDs, ...keyIDs].toSorted());
    for (const world of worlds)
      assert.match(
        world.context.failingSeals.problem ?? '',
        /2 records are sealed with a key that is not this operator's/,
      );
  });

  it('removes, signs and writes nothing of records that an operator with another key made', async () => {
    const one = await makeRecords();
    const before = JSON.stringify(one.records);
    const two = new ReconcilerWorld({ clock, api, sealKey: new SecretValue(second) });
    await two.readPolicy();
    two.addStore();
    two.deliverRecords();
    await two.reconcileRecords();
    for (const run of two.runKeys()) await two.reconcileRun(run);
    await clock.advance(600_000);
    assert.deepEqual([two.signatures, two.stored, JSON.stringify(two.records)], [0, 0, before]);
    assert.match(two.context.failingSeals.problem ?? '', /8 records are sealed with a key that is not this operator's/);
  });

  it('removes nothing when a CRD of another version prunes what was sealed', async () => {
    const one = await makeRecords();
    api.rewrite('provenancerecords', (record) => {
      const { spec } = record;
      assert.ok(isObject(spec) && spec['retention'] !== undefined);
      return { ...record, spec: { ...spec, retention: undefined } };
    });
    const before = JSON.stringify(one.records);
    const two = new ReconcilerWorld({ clock, api, sealKey: new SecretValue(first) });
    await two.readPolicy();
    two.addStore();
    two.deliverRecords();
    await two.reconcileRecords();
    for (const run of two.runKeys()) await two.reconcileRun(run);
    await clock.advance(600_000);
    assert.deepEqual([two.signatures, JSON.stringify(two.records)], [0, before]);
    assert.match(two.context.failingSeals.problem ?? '', /seals of 8 records do not verify.*the CRDs of this version/);
  });

  it('seals the records of the earlier key of a rotation anew, and signs and stores nothing again', async () => {
    const one = await makeRecords();
    const stated = (record: unknown): unknown => [
      field(record, 'spec'),
      { ...objectField(record, 'evidence'), seal: '', sealKeyID: '' },
    ];
    const before = one.records.map(stated);
    await putSecret('hallmark-system', second, { previous: first.toString('base64') });
    const { key } = takeUp();
    await clock.advance(0);
    const [sealKey, previousSealKey] = [key()?.value, key()?.previous];
    assert.ok(sealKey !== undefined && previousSealKey !== undefined);
    const two = new ReconcilerWorld({ clock, api, sealKey, previousSealKey });
    await two.readPolicy();
    two.addStore();
    two.deliverRecords();
    for (const run of two.runKeys()) await two.reconcileRun(run);
    await two.reconcileRecords();
    assert.deepEqual([two.records.length, two.signatures, two.stored], [8, 0, 0]);
    assert.deepEqual(two.records.map(stated), before);
    for (const record of two.records) {
      const read = readRecord(record, sealKey);
      assert.ok(read?.isTrusted === true, 'the key of today alone is enough');
      assert.deepEqual(
        read.storage.map(({ state }) => state),
        ['Stored'],
      );
      assert.equal(summariseRecord(read).isSettled, true);
    }
    const three = new ReconcilerWorld({ clock, api, sealKey });
    three.deliverRecords();
    assert.equal(three.context.failingSeals.problem, undefined);
  });

  const deaths = [1, 2, 3, 4].flatMap((writes) => [
    { writes, of: '', make: makeRecords },
    { writes, of: ', and no backend gives the payloads back that the records dropped', make: makeLighterRecords },
  ]);
  for (const { writes, of, make } of deaths) {
    it(`has nothing signed or removed by a replica with the earlier key, where one with both dies after write ${writes}${of}`, async () => {
      await make();
      const [sealKey, previousSealKey] = [new SecretValue(second), new SecretValue(first)];
      const two = new ReconcilerWorld({ clock, api, sealKey, previousSealKey });
      await two.readPolicy();
      two.addStore();
      two.deliverRecords();
      let left = writes;
      api.intercept = ({ verb }, serve) => {
        if (verb !== 'patch' && verb !== 'update') return serve();
        if (left === 0) throw unreachable();
        left -= 1;
        return serve();
      };
      const [one] = two.context.records.all();
      two.queues.record.add(one?.key ?? assert.fail());
      await clock.settle();
      api.intercept = (_request, serve) => serve();
      const three = new ReconcilerWorld({ clock, api, sealKey: previousSealKey });
      await three.readPolicy();
      three.addStore();
      three.deliverRecords();
      for (const run of three.runKeys()) await three.reconcileRun(run);
      await three.reconcileRecords();
      await clock.advance(60_000);
      assert.deepEqual([three.records.length, three.signatures, api.count(DELETE)], [8, 0, 0]);
      const four = new ReconcilerWorld({ clock, api, sealKey, previousSealKey });
      await four.readPolicy();
      four.addStore();
      four.deliverRecords();
      for (const run of four.runKeys()) await four.reconcileRun(run);
      await four.reconcileRecords();
      assert.deepEqual([four.records.length, four.signatures], [8, 0]);
      for (const record of four.records) assert.equal(readRecord(record, sealKey)?.isTrusted, true);
    });
  }

  it('lets a record retire whose new seal the API server refuses', async () => {
    await makeRecords({ record: { retention: 'Seconds', seconds: 300 } });
    const [sealKey, previousSealKey] = [new SecretValue(second), new SecretValue(first)];
    const two = new ReconcilerWorld({ clock, api, sealKey, previousSealKey });
    two.deliverRecords();
    api.intercept = ({ verb }, serve) => {
      if (verb === 'patch') throw new KubeError({ status: 422, reason: 'Invalid', message: 'refused by a webhook' });
      return serve();
    };
    await two.reconcileRecords();
    assert.equal(two.records.length, 8);
    await clock.advance(600_000);
    assert.equal(two.records.length, 0);
  });

  it('recreates the records of a key that it may replace', async () => {
    await makeRecords();
    const replaced = new Set([sealKeyID(new SecretValue(first))]);
    const two = new ReconcilerWorld({ clock, api, sealKey: new SecretValue(second), replaced });
    await two.readPolicy();
    two.addStore();
    two.deliverRecords();
    for (const run of two.runKeys()) await two.reconcileRun(run);
    await two.reconcileRecords();
    await clock.advance(10_000);
    assert.deepEqual([two.records.length, two.signatures, two.stored], [8, 8, 8]);
  });
});
