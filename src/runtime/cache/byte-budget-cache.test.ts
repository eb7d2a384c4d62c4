// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudgetCache } from './byte-budget-cache.ts';

describe('the byte budget cache', () => {
  it('keeps a value until it is released', () => {
    const cache = new ByteBudgetCache<string>(100);
    assert.equal(cache.put('a', { value: 'run', sizeBytes: 40 }), true);
    assert.equal(cache.get('a'), 'run');
    cache.release('a');
    assert.equal(cache.get('a'), undefined);
    assert.equal(cache.usedBytes, 0);
  });

  it('drops what does not fit and keeps what is there', () => {
    const cache = new ByteBudgetCache<string>(100);
    cache.put('a', { value: 'first', sizeBytes: 60 });
    assert.equal(cache.put('b', { value: 'second', sizeBytes: 60 }), false);
    assert.equal(cache.get('a'), 'first');
    assert.equal(cache.get('b'), undefined);
    assert.equal(cache.usedBytes, 60);
  });

  it('replaces the value of a key and never serves an older one when the newer does not fit', () => {
    const cache = new ByteBudgetCache<string>(100);
    cache.put('a', { value: 'old', sizeBytes: 10 });
    cache.put('a', { value: 'new', sizeBytes: 20 });
    assert.equal(cache.get('a'), 'new');
    assert.equal(cache.usedBytes, 20);
    assert.equal(cache.put('a', { value: 'huge', sizeBytes: 101 }), false);
    assert.equal(cache.get('a'), undefined);
    assert.equal(cache.usedBytes, 0);
  });

  it('makes room for what cannot be read again by dropping what can', () => {
    const cache = new ByteBudgetCache<string>(100);
    cache.put('readable', { value: 'run', sizeBytes: 50 });
    cache.put('gone', { value: 'deleted run', sizeBytes: 40, irreplaceableOf: 'a' });
    assert.equal(cache.put('gone-2', { value: 'deleted run', sizeBytes: 60, irreplaceableOf: 'a' }), true);
    assert.deepEqual(
      [cache.get('readable'), cache.get('gone'), cache.get('gone-2')],
      [undefined, 'deleted run', 'deleted run'],
    );
  });

  it('keeps what cannot be read again within the share of its tenant', () => {
    const cache = new ByteBudgetCache<string>(100, { total: 100, perTenant: 60, assured: 20 });
    const put = (key: string, tenant: string, sizeBytes: number): boolean =>
      cache.put(key, { value: key, sizeBytes, irreplaceableOf: tenant });
    assert.deepEqual([put('a-1', 'a', 60), put('a-2', 'a', 1), put('b-1', 'b', 40)], [true, false, true]);
    assert.deepEqual([put('b-2', 'b', 1), put('c-1', 'c', 20), put('c-2', 'c', 1)], [false, true, false]);
    assert.deepEqual([cache.usedBytes, cache.put('readable', { value: 'run', sizeBytes: 1 })], [120, false]);
    cache.release('a-1');
    assert.deepEqual([put('b-2', 'b', 1), cache.put('readable', { value: 'run', sizeBytes: 1 })], [true, true]);
  });
});
