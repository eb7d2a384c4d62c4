// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { RecordDrain } from './record-drain.ts';

const WINDOW = 32;
const backend = { kind: 'StorageBackend', namespace: 'team-a', name: 'b' } as const;
const line = { name: 'BackendHealth/StorageBackend/team-a/b', backend };

function setup() {
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000 });
  const queue = new KeyedQueue({ clock: new ManualClock(), backoff });
  const settled = new Set<string>();
  const inLane = new Set<string>();
  const drain = new RecordDrain({
    queue,
    isOpen: (key) => !settled.has(key),
    waitsFor: ({ name }, key) => name === backend.name && inLane.has(key),
  });
  const fill = (count: number, prefix = 'r'): void => {
    drain.begin(line);
    for (let index = count - 1; index >= 0; index -= 1) drain.add(line.name, `${prefix}${index}`, index);
    drain.flow(line.name);
  };
  const look = async (): Promise<string> => {
    const key = (await queue.take()) ?? '';
    queue.done(key);
    drain.reconciled(key);
    return key;
  };
  return { drain, queue, settled, inLane, fill, look };
}

async function looks(count: number, look: () => Promise<string>): Promise<string[]> {
  const looked: string[] = [];
  for (let index = 0; index < count; index += 1) looked.push(await look());
  return looked;
}

const numbered = (from: number, until: number): string[] =>
  Array.from({ length: until - from }, (_unused, index) => `r${from + index}`);

describe('RecordDrain', () => {
  it('enqueues a window of the records that waited longest, and one more for each that is done', async () => {
    const { queue, fill, look, drain } = setup();
    fill(100);
    assert.equal(queue.depth, WINDOW);
    assert.deepEqual(await looks(100, look), numbered(0, 100));
    assert.deepEqual([queue.depth, drain.size], [0, 0]);
  });

  it('enqueues no further record while one waits for its turn at the backend', async () => {
    const { queue, fill, look, drain, inLane } = setup();
    fill(100);
    for (const key of numbered(0, WINDOW)) inLane.add(key);
    await looks(WINDOW, look);
    assert.deepEqual([queue.depth, drain.size], [0, 100 - WINDOW], 'the backend takes nothing, and is given no more');
    inLane.delete('r0');
    queue.add('r0');
    assert.equal(await look(), 'r0');
    assert.equal(queue.has(`r${WINDOW}`), true);
    assert.equal(queue.depth, 1);
  });

  it('skips settled records, and forgets deleted ones', () => {
    const { queue, fill, drain, settled } = setup();
    for (const key of numbered(0, 50)) settled.add(key);
    fill(200);
    assert.equal(queue.has('r49'), false);
    assert.equal(queue.has(`r${50 + WINDOW - 1}`), true);
    for (const key of numbered(0, 200)) {
      queue.remove(key);
      drain.remove(key);
    }
    assert.deepEqual([queue.depth, drain.size], [0, 0]);
  });

  it('resumes after the backend failed and works again, and then takes the records that came meanwhile', async () => {
    const { fill, look, drain, queue } = setup();
    fill(200);
    drain.pause(line.name);
    const first = await looks(WINDOW, look);
    assert.equal(queue.depth, 0);
    fill(210);
    assert.deepEqual(first, numbered(0, WINDOW));
    assert.deepEqual(await looks(200 - WINDOW, look), numbered(WINDOW, 200));
    // A record that is still open comes once more, with those that came meanwhile.
    assert.deepEqual(await looks(WINDOW + 10, look), [...first, ...numbered(200, 210)]);
    assert.deepEqual([queue.depth, drain.size], [0, 0]);
  });

  it('lets no namespace wait for another at a shared backend', async () => {
    const { fill, look, drain, inLane, queue } = setup();
    drain.begin(line);
    for (const key of numbered(0, 100)) drain.add(line.name, `team-a/${key}`, 1);
    for (const key of numbered(0, 100)) drain.add(line.name, `team-b/${key}`, 2);
    for (const key of numbered(0, 100)) inLane.add(`team-a/${key}`);
    drain.flow(line.name);
    const looked = await looks(WINDOW + 100, look);
    assert.equal(looked.filter((key) => key.startsWith('team-b/')).length, 100);
    assert.equal(queue.depth, 0);
    fill(0);
    assert.equal(drain.size, 100 - WINDOW);
  });

  it('lets no line wait for another', async () => {
    const { fill, look, drain, inLane, queue } = setup();
    fill(100);
    for (const key of numbered(0, WINDOW)) inLane.add(key);
    await looks(WINDOW, look);
    const other = { name: 'Namespace/team-b' };
    drain.begin(other);
    for (let index = 0; index < 10; index += 1) drain.add(other.name, `b${index}`, index);
    drain.flow(other.name);
    assert.equal(queue.depth, 10);
  });
});
