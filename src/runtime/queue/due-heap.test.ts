// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DueHeap } from './due-heap.ts';

describe('the due heap', () => {
  it('gives keys in the order of their times, whatever order they came in', () => {
    const heap = new DueHeap();
    const times = Array.from({ length: 500 }, (_unused, index) => (index * 7919) % 1009);
    times.forEach((dueMs, index) => heap.set(`key-${index}`, dueMs));
    const given: number[] = [];
    for (let key = heap.takeDue(Infinity); key !== undefined; key = heap.takeDue(Infinity)) {
      given.push(times[Number(key.slice(4))] ?? NaN);
    }
    assert.deepEqual(
      given,
      times.toSorted((one, other) => one - other),
    );
    assert.equal(heap.size, 0);
  });

  it('forgets a deleted key, also when it is set again later', () => {
    const heap = new DueHeap();
    heap.set('a', 10);
    assert.equal(heap.delete('a'), true);
    heap.set('a', 50);
    assert.equal(heap.earliestMs, 50);
    assert.equal(heap.takeDue(49), undefined);
    assert.equal(heap.takeDue(50), 'a');
    assert.equal(heap.takeDue(Infinity), undefined);
  });

  it('keeps its order when it drops the entries that are stale', () => {
    const heap = new DueHeap();
    const due = new Map<string, number>();
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 50; index += 1) {
        const dueMs = ((round * 50 + index) * 7919) % 1009;
        heap.delete(`key-${index}`);
        heap.set(`key-${index}`, dueMs);
        due.set(`key-${index}`, dueMs);
      }
    }
    const given: number[] = [];
    for (let key = heap.takeDue(Infinity); key !== undefined; key = heap.takeDue(Infinity)) {
      given.push(due.get(key) ?? NaN);
    }
    assert.deepEqual(
      given,
      [...due.values()].toSorted((one, other) => one - other),
    );
  });

  it('gives a key once when it was brought forward', () => {
    const heap = new DueHeap();
    heap.set('a', 50);
    assert.equal(heap.set('a', 60), false);
    assert.equal(heap.set('a', 20), true);
    assert.equal(heap.takeDue(20), 'a');
    assert.equal(heap.takeDue(Infinity), undefined);
  });
});
