// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PodAddresses } from './pod-addresses.ts';

describe('PodAddresses', () => {
  it('gives out the range of RFC 2544 once before it begins again', () => {
    const addresses = new PodAddresses();
    const given = Array.from({ length: 2 ** 17 - 2 }, () => addresses.next());
    assert.equal(new Set(given).size, given.length);
    assert.deepEqual([given[0], given[65_535], given.at(-1)], ['198.18.0.1', '198.19.0.0', '198.19.255.254']);
    assert.equal(addresses.next(), '198.18.0.1');
  });
});
