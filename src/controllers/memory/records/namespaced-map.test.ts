// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NamespacedMap } from './namespaced-map.ts';

describe('NamespacedMap', () => {
  it('lists the values of one namespace, or all', () => {
    const map = new NamespacedMap<number>();
    map.set('team-a/one', 1);
    map.set('team-b/two', 2);
    map.set('team-a/three', 3);
    map.set('team-a/one', 4);
    assert.equal(map.size, 3);
    assert.deepEqual([...map.values('team-a')], [4, 3]);
    assert.deepEqual([...map.values()].toSorted(), [2, 3, 4]);
    assert.deepEqual([...map.values('team-c')], []);
    assert.deepEqual([map.get('team-b/two'), map.get('team-b/one'), map.has('team-a/one')], [2, undefined, true]);
  });

  it('forgets a value once', () => {
    const map = new NamespacedMap<number>();
    map.set('team-a/one', 1);
    for (const key of ['team-a/one', 'team-a/one', 'team-b/one']) map.delete(key);
    assert.equal(map.size, 0);
    assert.deepEqual([...map.values()], []);
  });

  it('allows changes while values are listed', () => {
    const map = new NamespacedMap<number>();
    for (let index = 0; index < 10; index += 1) map.set(`team-a/${index}`, index);
    const walked: number[] = [];
    for (const value of map.values('team-a')) {
      walked.push(value);
      map.set(`team-a/${value}`, value);
      map.delete('team-a/5');
    }
    assert.deepEqual(walked, [0, 1, 2, 3, 4, 6, 7, 8, 9]);
  });
});
