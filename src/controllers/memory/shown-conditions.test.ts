// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { ShownConditions, type ShownLimits } from './shown-conditions.ts';

const KIND = 'SigningPolicy';
const all = (): boolean => true;

function given(limits: Partial<ShownLimits> = {}) {
  const clock = new ManualClock();
  const shown = new ShownConditions(clock, { perNamespace: 3, total: 100, refillMs: 60_000, ...limits });
  const note = (namespace: string, name: string): void => {
    shown.note({ kind: KIND, namespace, name, ready: 'True', isStalled: false });
  };
  const names = (isShown: (namespace: string) => boolean = all): readonly string[] =>
    shown.show(isShown).objects.map(({ namespace, name }) => `${namespace}/${name}`);
  return { clock, shown, note, names };
}

describe('the conditions that the metrics show', () => {
  it('are gone with the object, and of other replicas not at all', () => {
    const { shown, note, names } = given();
    note('team-a', 'one');
    note('team-b', 'one');
    assert.deepEqual(
      names((namespace) => namespace === 'team-b'),
      ['team-b/one'],
    );
    shown.forget({ kind: KIND, namespace: 'team-b', name: 'one' });
    assert.deepEqual(names(), ['team-a/one']);
  });

  it('of a namespace with too many are those of the oldest, and the others are counted', () => {
    const { shown, note, names } = given();
    for (let index = 0; index < 1000; index += 1) note('hostile', `p${index}`);
    note('team-a', 'one');
    assert.deepEqual(names(), ['hostile/p0', 'hostile/p1', 'hostile/p2', 'team-a/one']);
    assert.equal(shown.show(all).leftOut, 997);
  });

  it('of new names come at a bounded rate, also when the old ones are deleted', async () => {
    const { clock, shown, note, names } = given();
    const replace = (round: number): void => {
      for (let index = 0; index < 3; index += 1) {
        shown.forget({ kind: KIND, namespace: 'hostile', name: `${round - 1}-${index}` });
        note('hostile', `${round}-${index}`);
      }
    };
    const seen = new Set<string>();
    for (let round = 0; round < 60; round += 1) {
      replace(round);
      for (const name of names()) seen.add(name);
      await clock.advance(1000);
    }
    assert.equal(seen.size, 3);
    await clock.advance(1000);
    replace(60);
    assert.deepEqual(names(), ['hostile/60-0']);
  });

  it('stay shown while their status changes', () => {
    const { note, names } = given({ perNamespace: 1 });
    for (let round = 0; round < 10; round += 1) note('team-a', 'one');
    assert.deepEqual(names(), ['team-a/one']);
  });

  it('of all namespaces together have a limit, at which those with the most lose first', () => {
    const { shown, note, names } = given({ perNamespace: 10, total: 12 });
    note('honest', 'one');
    for (const namespace of ['h1', 'h2', 'h3']) for (let index = 0; index < 10; index += 1) note(namespace, `${index}`);
    const count = (wanted: string): number => names().filter((name) => name.startsWith(`${wanted}/`)).length;
    assert.deepEqual(['honest', 'h1', 'h2', 'h3'].map(count), [1, 3, 3, 3]);
    assert.equal(shown.show(all).leftOut, 21);
  });
});
