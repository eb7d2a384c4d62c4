// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type RecordBound } from '../../../pipelines/ceilings/record-excess.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { runKey, type RunKey } from '../../../tekton/run-key.ts';
import { RecordRoom } from './record-room.ts';

const record = (name: string, namespace = 'team-a'): RecordKey => recordKey({ namespace, name });
const run = (name: string, namespace = 'team-a'): RunKey => runKey({ kind: 'TaskRun', namespace, name, uid: name });

let bounds: RecordBound[];
let used: { records: number; sizeBytes: number };
let woken: RunKey[];
let changes: string[];
let recorded: Set<RecordKey>;
let room: RecordRoom;

const newRoom = (): RecordRoom =>
  new RecordRoom({
    clock: new ManualClock(),
    bounds: () => bounds,
    use: () => used,
    isRecorded: (key) => recorded.has(key),
  });

beforeEach(() => {
  bounds = [{ ceiling: 'teams', records: 2, evidenceBytes: Infinity }];
  used = { records: 0, sizeBytes: 0 };
  woken = [];
  changes = [];
  recorded = new Set();
  room = newRoom();
  room.onRoom((key) => woken.push(key));
  room.onChange((namespace) => changes.push(namespace));
});

/** Takes the room of a record, if there is any. */
const take = (name: string, sizeBytes = 1): string | undefined => {
  const taken = room.enter(record(name), run(name)) ?? room.reserve(record(name), run(name), () => sizeBytes);
  return typeof taken === 'string' ? taken : undefined;
};

describe('the room for records', () => {
  it('is unlimited without a bound', () => {
    bounds = [];
    for (let index = 0; index < 100; index += 1) assert.equal(take(`r${index}`), undefined);
    assert.equal(room.problem('team-a'), undefined);
    const unasked = (): number => assert.fail('no bound counts its size');
    assert.equal(typeof room.reserve(record('unbounded'), run('unbounded'), unasked), 'function');
  });

  it('counts the records that are there and those that are being made', () => {
    used = { records: 1, sizeBytes: 10 };
    assert.equal(take('a'), undefined);
    const message = take('b') ?? assert.fail('there is no room');
    assert.match(
      message,
      /^PolicyCeiling teams: the SigningPolicies of the namespace have 2 ProvenanceRecords, and allowed are 2: /,
    );
    assert.equal(room.problem('team-a'), message);
  });

  it('is given back by a record that was not made', () => {
    used = { records: 1, sizeBytes: 10 };
    const leave = room.reserve(record('a'), run('a'), () => 1);
    assert.ok(typeof leave === 'function');
    assert.equal(typeof room.reserve(record('b'), run('b'), () => 1), 'string');
    leave();
    assert.equal(room.enter(record('b'), run('b')), undefined);
  });

  it('is bounded in bytes, but for a record that is alone', () => {
    bounds = [{ ceiling: 'teams', records: Infinity, evidenceBytes: 100 }];
    assert.equal(take('giant', 500), undefined);
    used = { records: 1, sizeBytes: 90 };
    room = newRoom();
    assert.match(take('large', 20) ?? '', /have 90 bytes of evidence, and allowed are 100/);
    room.settle(run('large'), new Set());
    assert.equal(take('small', 10), undefined);
  });

  it('has bytes left for a large record that came first', () => {
    bounds = [{ ceiling: 'teams', records: Infinity, evidenceBytes: 100 }];
    used = { records: 9, sizeBytes: 90 };
    assert.ok(take('large', 20) !== undefined);
    assert.ok(take('small', 1) !== undefined, 'it comes after the large one');
    room.wake('team-a');
    assert.deepEqual(woken, [], 'none has room');
    used = { records: 8, sizeBytes: 79 };
    room.wake('team-a');
    assert.deepEqual(woken, [run('large'), run('small')]);
    assert.equal(take('large', 20), undefined);
    used = { records: 8, sizeBytes: 80 };
    assert.ok(take('small', 1) !== undefined);
  });

  it('does not have bytes left for a large record whose run comes again by itself', () => {
    bounds = [{ ceiling: 'teams', records: Infinity, evidenceBytes: 100 }];
    used = { records: 9, sizeBytes: 90 };
    take('large', 20);
    room.settle(run('large'), new Set(), () => true);
    assert.equal(take('small', 1), undefined);
  });

  describe('for the evidence of records that were made without', () => {
    const grow = (name: string, finished: string, bytes = 20): (() => void) | string =>
      room.grow(record(name), run(name), { addedBytes: () => bytes, finished: new Date(finished) });
    const isTaken = (taken: (() => void) | string): boolean => typeof taken === 'function';
    const free = (sizeBytes: number): void => {
      used = { records: 9, sizeBytes: 100 - sizeBytes };
      room.wake('team-a');
    };

    beforeEach(() => {
      bounds = [{ ceiling: 'teams', records: 9, evidenceBytes: 100 }];
      used = { records: 9, sizeBytes: 90 };
      for (const name of ['old', 'new']) recorded.add(record(name));
    });

    it('goes to the oldest run, whichever was looked at first', () => {
      for (const [name, finished] of [
        ['new', '2026-01-02'],
        ['old', '2026-01-01'],
      ] as const)
        assert.match(String(grow(name, finished)), /have 90 bytes of evidence, and allowed are 100/);
      free(20);
      assert.deepEqual(woken, [run('old')]);
      assert.ok(!isTaken(grow('new', '2026-01-02')), 'it is not the first');
      assert.ok(isTaken(grow('old', '2026-01-01')));
    });

    it('goes to the oldest run after a restart as before', () => {
      for (const restart of [1, 2]) {
        assert.ok(!isTaken(grow('old', '2026-01-01')), `start ${restart}`);
        assert.ok(!isTaken(grow('new', '2026-01-02')));
        if (restart === 1) room = newRoom();
      }
      room.onRoom((key) => woken.push(key));
      free(40);
      assert.deepEqual(woken, [run('old'), run('new')]);
    });

    it('is kept from records that are not made yet, however many come', () => {
      assert.ok(!isTaken(grow('old', '2026-01-01')));
      used = { records: 5, sizeBytes: 85 };
      assert.ok(take('small', 1) !== undefined, 'it comes after the evidence');
      used = { records: 5, sizeBytes: 80 };
      room.wake('team-a');
      assert.deepEqual(woken, [run('old')]);
      const leave = grow('old', '2026-01-01');
      assert.ok(typeof leave === 'function');
      assert.ok(take('small', 1) !== undefined, 'the bytes are taken');
      used = { records: 5, sizeBytes: 70 };
      leave();
      room.settle(run('old'), new Set());
      assert.ok(woken.includes(run('small')));
      assert.equal(take('small', 1), undefined);
    });

    it('needs no place for a record more', () => {
      used = { records: 9, sizeBytes: 50 };
      assert.ok(isTaken(grow('old', '2026-01-01')));
      assert.ok(take('another') !== undefined);
    });

    it('is unlimited where no ceiling bounds the bytes, and is not asked for', () => {
      bounds = [{ ceiling: 'teams', records: 1, evidenceBytes: Infinity }];
      const addedBytes = (): number => assert.fail('no bound counts its size');
      assert.ok(isTaken(room.grow(record('old'), run('old'), { addedBytes, finished: new Date(0) })));
    });
  });

  it('goes to those that came first', () => {
    used = { records: 2, sizeBytes: 10 };
    for (const name of ['a', 'b', 'c']) assert.ok(take(name) !== undefined);
    used = { records: 1, sizeBytes: 10 };
    assert.ok(take('new') !== undefined, 'it comes after those that wait');
    assert.ok(room.enter(record('b'), run('b')) !== undefined);
    assert.equal(room.enter(record('a'), run('a')), undefined);
    used = { records: 0, sizeBytes: 0 };
    assert.equal(room.enter(record('b'), run('b')), undefined);
  });

  it('wakes as many as there is room for, and the next when one is done', () => {
    used = { records: 2, sizeBytes: 10 };
    for (const name of ['a', 'b', 'c']) take(name);
    room.wake('team-a');
    assert.deepEqual(woken, []);
    used = { records: 1, sizeBytes: 10 };
    room.wake('team-a');
    assert.deepEqual(woken, [run('a')]);
    room.settle(run('a'), new Set());
    assert.deepEqual(woken, [run('a'), run('b')]);
  });

  it('is reported once when the first run waits, and when none does any more', () => {
    used = { records: 2, sizeBytes: 10 };
    take('a');
    take('b');
    assert.deepEqual([changes, room.count(() => true), room.count((name) => name === 'team-b')], [['team-a'], 2, 0]);
    used = { records: 0, sizeBytes: 0 };
    room.settle(run('a'), new Set());
    assert.deepEqual(changes, ['team-a']);
    room.settle(run('b'), new Set());
    assert.deepEqual([changes, room.count(() => true), room.problem('team-a')], [['team-a', 'team-a'], 0, undefined]);
  });

  it('keeps the records in line that a run still waits for', () => {
    used = { records: 2, sizeBytes: 10 };
    room.enter(record('a'), run('x'));
    room.enter(record('b'), run('x'));
    room.settle(run('x'), new Set([record('b')]));
    assert.deepEqual([room.waitingSince(record('a')), room.count(() => true)], [undefined, 1]);
    assert.ok(room.waitingSince(record('b')) !== undefined);
  });

  it('wakes those that wait for a place whose record was not made', () => {
    used = { records: 1, sizeBytes: 10 };
    const leave = room.reserve(record('a'), run('a'), () => 1);
    assert.ok(typeof leave === 'function');
    assert.ok(take('b') !== undefined);
    assert.deepEqual(woken, []);
    leave();
    assert.deepEqual(woken, [run('b')]);
  });

  it('counts a record once that is known before its place is given back', () => {
    assert.equal(take('a'), undefined);
    recorded.add(record('a'));
    used = { records: 1, sizeBytes: 1 };
    assert.equal(take('b'), undefined);
  });

  it('keeps a record in line whose run comes again, and lets others pass meanwhile', () => {
    used = { records: 2, sizeBytes: 10 };
    for (const name of ['a', 'b']) take(name);
    const since = room.waitingSince(record('a'));
    used = { records: 1, sizeBytes: 10 };
    assert.equal(room.enter(record('a'), run('a')), undefined);
    assert.ok(room.enter(record('b'), run('b')) !== undefined);
    room.settle(run('a'), new Set(), () => true);
    assert.deepEqual([room.waitingSince(record('a')), woken], [since, [run('b')]]);
    assert.equal(room.enter(record('b'), run('b')), undefined);
    assert.ok(room.enter(record('a'), run('a')) !== undefined, 'the other one is being looked at');
    room.settle(run('b'), new Set());
    assert.deepEqual(woken, [run('b'), run('a')]);
  });

  it('wakes no run that comes again by itself, and reports none as waiting for room', () => {
    used = { records: 2, sizeBytes: 10 };
    for (const name of ['a', 'b']) take(name);
    used = { records: 1, sizeBytes: 10 };
    for (const name of ['a', 'b']) {
      assert.equal(room.enter(record(name), run(name)), undefined);
      room.settle(run(name), new Set(), () => true);
    }
    assert.deepEqual(woken, [run('b')]);
    room.wake('team-a');
    assert.deepEqual([woken, room.problem('team-a'), changes], [[run('b')], undefined, ['team-a', 'team-a']]);
    assert.equal(take('new'), undefined, 'it need not wait for them');
  });

  it('wakes no run that is being looked at, nor one by its own failure', () => {
    used = { records: 2, sizeBytes: 10 };
    for (const name of ['first', 'second']) room.enter(record(name), run('x'));
    used = { records: 1, sizeBytes: 10 };
    assert.equal(room.enter(record('first'), run('x')), undefined);
    assert.ok(room.enter(record('second'), run('x')) !== undefined);
    room.wake('team-a');
    assert.deepEqual(woken, []);
    room.settle(run('x'), new Set([record('second')]), () => true);
    assert.deepEqual(woken, []);
    room.wake('team-a');
    assert.deepEqual(woken, [run('x')]);
  });

  it('lets the other record of a run come first when one has given way', () => {
    used = { records: 2, sizeBytes: 10 };
    for (const name of ['first', 'second']) room.enter(record(name), run('x'));
    used = { records: 1, sizeBytes: 10 };
    assert.equal(room.enter(record('first'), run('x')), undefined);
    room.giveWay(record('first'));
    assert.equal(room.enter(record('second'), run('x')), undefined);
    room.settle(run('x'), new Set(), () => true);
    assert.deepEqual(woken, []);
  });

  it('forgets the namespaces of other replicas', () => {
    used = { records: 2, sizeBytes: 10 };
    take('a');
    room.forget((namespace) => namespace === 'team-b');
    assert.equal(room.hasWaiting('team-a'), true);
    room.forget((namespace) => namespace === 'team-a');
    assert.deepEqual([room.hasWaiting('team-a'), room.count(() => true)], [false, 0]);
  });
});
