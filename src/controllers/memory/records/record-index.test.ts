// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecordIndex } from './record-index.ts';
import { recordSummary, settledSummary } from '../../../records/record-summary.fixture.ts';
import type { RecordSummary } from '../../../records/record-summary.ts';
import { SeededRandom } from '../../../runtime/seeded-random.fixture.ts';
import { runKey } from '../../../tekton/run-key.ts';

const open = recordSummary();
const { key } = open;

describe('RecordIndex', () => {
  it('knows which records need more than retirement', () => {
    const records = new RecordIndex();
    records.set(open);
    records.set(settledSummary({ key: 'team-a/settled' }));
    assert.deepEqual(
      [...records.open()].map((record) => record.key),
      [key],
    );
    records.set(settledSummary({ key }));
    assert.deepEqual([...records.open()], []);
    records.set(open);
    records.remove(key);
    assert.deepEqual([...records.open()], []);
  });

  it('does not return to an own write once the watch delivered a newer version', () => {
    const records = new RecordIndex();
    records.set({ ...open, resourceVersion: '4' });
    records.setWritten({ ...open, resourceVersion: '3' }, '2');
    assert.equal(records.get(key)?.resourceVersion, '4');
    records.setWritten({ ...open, resourceVersion: '5' }, '4');
    assert.equal(records.get(key)?.resourceVersion, '5');
  });

  it('follows a record that changes its run', () => {
    const records = new RecordIndex();
    records.set({ ...open, runUID: 'first' });
    records.set({ ...open, runUID: 'second' });
    assert.deepEqual([records.ofRun('first'), records.ofRun('second')], [[], [key]]);
    records.remove(key);
    assert.deepEqual(records.ofRun('second'), []);
  });

  it('adds up the sizes of the records that are there', () => {
    const records = new RecordIndex();
    records.set({ ...open, resourceVersion: '1', sizeBytes: 5000 });
    records.set(settledSummary({ key: 'team-a/settled', sizeBytes: 700 }));
    assert.equal(records.sizeBytes, 5700);
    records.setWritten({ ...open, resourceVersion: '2', sizeBytes: 6000 }, '1');
    records.setWritten({ ...open, resourceVersion: '2', sizeBytes: 9999 }, '1');
    assert.equal(records.sizeBytes, 6700);
    records.remove(key);
    records.remove(key);
    assert.equal(records.sizeBytes, 700);
  });

  it('knows the oldest record of each namespace that is still to be signed or stored', () => {
    const records = new RecordIndex();
    const hour = (of: number): number => Date.UTC(2026, 0, 1, of);
    const waits = (name: string, of: number, given: Partial<RecordSummary> = {}): RecordSummary => {
      const retained = { completionTime: new Date(hour(of)).toISOString() };
      return recordSummary({ key: `team-a/${name}`, retained, ...given });
    };
    const oldest = (): number | undefined => records.oldestWaiting(() => true).get('team-a');
    assert.equal(oldest(), undefined);
    for (const [name, of] of [
      ['two', 2],
      ['one', 1],
      ['three', 3],
    ] as const)
      records.set(waits(name, of));
    assert.equal(oldest(), hour(1));
    assert.equal(records.oldestWaiting((namespace) => namespace !== 'team-a').size, 0);
    records.set(waits('one', 1, { reason: 'BackendUnavailable' }));
    assert.equal(oldest(), hour(1));
    records.set(settledSummary({ key: 'team-a/one' }));
    assert.equal(oldest(), hour(2));
    records.set(waits('two', 2, { reason: 'Suspended' }));
    assert.equal(oldest(), hour(3));
    records.set(waits('two', 2, { reason: 'Progressing' }));
    records.remove('team-a/two');
    records.remove('team-a/three');
    assert.equal(oldest(), undefined);
  });

  it('finds the oldest as a look at all records would, whatever happens', () => {
    const random = new SeededRandom(7);
    const records = new RecordIndex();
    const summaries = new Map<string, RecordSummary>();
    for (let step = 0; step < 3000; step += 1) {
      const index = random.between(0, 29);
      const key = `team-${index % 3}/r${index}` as const;
      const completionTime = new Date(Date.UTC(2026, 0, 1, (index * 7) % 24)).toISOString();
      const isSettled = random.chance(1 / 3);
      const record = recordSummary({ key, retained: { completionTime }, isSettled });
      if (random.chance(1 / 4)) {
        records.remove(record.key);
        summaries.delete(key);
      } else {
        records.set(record);
        summaries.set(key, record);
      }
      const expected = new Map<string, number>();
      for (const [of, { retained, isSettled: isDone }] of summaries) {
        const namespace = of.split('/')[0] ?? '';
        const atMs = Date.parse(retained?.completionTime ?? '');
        if (!isDone) expected.set(namespace, Math.min(atMs, expected.get(namespace) ?? Infinity));
      }
      if (step % 5 === 0)
        assert.deepEqual(Object.fromEntries(records.oldestWaiting(() => true)), Object.fromEntries(expected));
    }
  });

  it('tells when a record takes less room, once it counts so', () => {
    const records = new RecordIndex();
    const told: unknown[] = [];
    records.onSmaller((namespace) => told.push([namespace, records.use(namespace).sizeBytes]));
    records.set({ ...open, resourceVersion: '1', sizeBytes: 500 });
    records.set({ ...open, resourceVersion: '2', sizeBytes: 500 });
    records.set({ ...open, resourceVersion: '3', sizeBytes: 600 });
    assert.deepEqual(told, []);
    records.setWritten({ ...open, resourceVersion: '4', sizeBytes: 100 }, '3');
    records.set(settledSummary({ key, sizeBytes: 50 }));
    assert.deepEqual(told, [
      ['team-a', 100],
      ['team-a', 50],
    ]);
  });

  it('gives back every field of a settled record', () => {
    const records = new RecordIndex();
    const uid = '0d9d1c1e-6a0b-4c55-8d7a-0f1e2d3c4b5a';
    const named = (name: string): Partial<RecordSummary> => ({
      runUID: uid,
      runKey: runKey({ kind: 'PipelineRun', namespace: 'team-a', name, uid }),
    });
    const given = [
      settledSummary({ key: 'team-a/bake-0123456789', uid, resourceVersion: '4711', ...named('bake') }),
      settledSummary({ key: 'team-a/long-0123456789', ...named('long-and-longer') }),
      settledSummary({ key: 'team-b/other', annotatesRun: true, unverifiedCount: 2, reason: 'NoSubjects' }),
      settledSummary({ key: 'team-b/unannotated', lacksAnnotation: true }),
      settledSummary({ key: 'team-b/kept', retained: { completionTime: 'x', retention: { type: 'Keep' } } }),
      settledSummary({ key: 'team-b/cluster', policy: { kind: 'ClusterSigningPolicy', namespace: '', name: 'base' } }),
    ];
    for (const record of given) records.set(record);
    for (const record of given) assert.deepEqual(records.get(record.key), record);
    assert.deepEqual([...records.all('team-b')], given.slice(2));
    assert.deepEqual(records.ofRun(uid).toSorted(), ['team-a/bake-0123456789', 'team-a/long-0123456789']);
    assert.deepEqual([...records.countByReason(() => true)].toSorted(), [
      ['NoSubjects', 1],
      ['Stored', 5],
    ]);
    assert.deepEqual([...records.countByReason((namespace) => namespace === 'team-a')], [['Stored', 2]]);
    assert.deepEqual(records.namespaces.toSorted(), ['team-a', 'team-b']);
  });

  it('knows the policies with runs that lack annotations', () => {
    const records = new RecordIndex();
    const named = (name: string) => ({ kind: 'SigningPolicy', namespace: 'team-a', name }) as const;
    const [builds, others] = [named('builds'), named('others')];
    const lacking = (): readonly boolean[] => [builds, others].map((policy) => records.hasUnannotated(policy));
    for (const name of ['one', 'two'])
      records.set(settledSummary({ key: `team-a/${name}`, policy: builds, lacksAnnotation: true }));
    records.set(settledSummary({ key: 'team-a/three', policy: others }));
    assert.deepEqual(lacking(), [true, false]);
    records.set(settledSummary({ key: 'team-a/one', policy: builds }));
    assert.deepEqual(lacking(), [true, false]);
    records.remove('team-a/two');
    assert.deepEqual(lacking(), [false, false]);
  });

  it('keeps many records apart in any order', () => {
    const records = new RecordIndex();
    const model = new Map<string, RecordSummary>();
    const random = new SeededRandom(1);
    const below = (count: number): number => random.between(0, count - 1);
    for (let step = 0; step < 5000; step += 1) {
      const key = `team-${below(3)}/record-${below(40)}`;
      // Few runs, so that many records share one.
      const record = { runUID: `run-${below(10)}`, resourceVersion: String(step), isSettled: below(2) === 0 };
      const summary = recordSummary({ key, ...record, unverifiedCount: below(3) });
      const now = { ...summary, runKey: runKey({ kind: 'TaskRun', namespace: 'n', name: 'r', uid: record.runUID }) };
      const isRemoved = below(4) === 0;
      const before = isRemoved ? records.remove(key) : undefined;
      if (isRemoved) assert.equal(before?.resourceVersion, model.get(key)?.resourceVersion);
      else records.set(now);
      if (isRemoved) model.delete(key);
      else model.set(key, now);
      assert.equal(records.size, model.size);
      assert.equal(records.get(key)?.resourceVersion, model.get(key)?.resourceVersion);
      const run = `run-${below(10)}`;
      const expected = [...model.values()].filter(({ runUID }) => runUID === run).map((record) => record.key);
      assert.deepEqual(records.ofRun(run).toSorted(), expected.toSorted());
    }
    const versions = (all: Iterable<RecordSummary>): string[] =>
      Array.from(all, ({ key, resourceVersion }) => `${key}@${resourceVersion}`).toSorted();
    assert.deepEqual(versions(records.all()), versions(model.values()));
    assert.deepEqual(versions(records.open()), versions([...model.values()].filter(({ isSettled }) => !isSettled)));
  });

  it('marks no retirement of a record that is gone', () => {
    const records = new RecordIndex();
    records.setRetiring(key, true);
    assert.equal(records.isRetiring(key), false);
  });
});
