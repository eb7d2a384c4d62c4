// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Shares } from './shares.ts';

describe('the shares of a resource', () => {
  it('are limited for a tenant, and for all together', () => {
    const shares = new Shares({ total: 100, perTenant: 60, assured: 0 });
    shares.add('a', 60);
    assert.deepEqual([shares.fits('a', 1), shares.fits('b', 40), shares.fits('b', 41)], [false, true, false]);
    shares.add('a', -60);
    assert.deepEqual([shares.total, shares.of('a'), shares.fits('b', 60)], [0, 0, true]);
  });

  it('leave each tenant a little, whatever others take', () => {
    const shares = new Shares({ total: 100, perTenant: 100, assured: 10 });
    shares.add('a', 100);
    assert.equal(shares.fits('b', 10), true);
    shares.add('b', 10);
    assert.deepEqual([shares.fits('b', 1), shares.fits('a', 1)], [false, false]);
    assert.deepEqual([shares.largest(), new Shares().largest()], ['a', undefined]);
  });
});
