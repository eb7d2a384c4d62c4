// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalog } from '../testbed/binaries/catalog.ts';
import { buildOrder, type NeedyFile } from './build-order.ts';

function file(seconds: number, ...needs: readonly string[]): NeedyFile {
  return { seconds, needs: new Set(needs) };
}

const plane = ['etcd', 'kubernetes'];

describe('the order in which servers are built', () => {
  it('begins with what lets most tests begin soonest', () => {
    const files = [
      file(20, 'kafka', ...plane),
      file(300, ...plane),
      file(2000, ...plane, 'tekton'),
      file(60, 'transit'),
    ];
    const recipes = catalog.filter(({ name }) => ['transit', 'kafka', 'tekton', ...plane].includes(name));
    // 2,300 s of tests for 576 s of building, then 60 for 25, then 20 for 12.
    assert.deepEqual(buildOrder(files, recipes), ['etcd', 'kubernetes', 'tekton', 'transit', 'kafka']);
  });

  it('puts a small server that has tests of its own before a large one', () => {
    const files = [file(100, 'kafka'), file(300, ...plane)];
    const recipes = catalog.filter(({ name }) => ['kafka', ...plane].includes(name));
    assert.deepEqual(buildOrder(files, recipes), ['kafka', 'etcd', 'kubernetes']);
  });

  it('has what most tests need first, so that some begin while the rest is built', () => {
    const files = [file(200, ...plane), file(3000, ...plane, 'helm', 'tekton'), file(50, ...plane, 'helm')];
    const recipes = catalog.filter(({ name }) => ['tekton', 'helm', ...plane].includes(name));
    assert.deepEqual(buildOrder(files, recipes), ['etcd', 'kubernetes', 'helm', 'tekton']);
  });

  it('leaves for last what no test needs, and builds everything once', () => {
    const order = buildOrder([file(10, 'opa')], catalog);
    assert.equal(order[0], 'opa');
    assert.deepEqual(order.toSorted(), catalog.map(({ name }) => name).toSorted());
  });

  it('is empty when everything is there', () => {
    assert.deepEqual(buildOrder([file(10, 'opa')], []), []);
  });
});
