// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reachableFamilies } from './reachable-families.ts';

describe('reachableFamilies', () => {
  const loopback = [
    { address: '127.0.0.1', family: 'IPv4', internal: true },
    { address: '::1', family: 'IPv6', internal: true },
  ] as const;
  const v4 = { address: '10.0.0.7', family: 'IPv4', internal: false } as const;
  const v6 = { address: 'fd00::7', family: 'IPv6', internal: false } as const;
  const link = { address: 'fe80::7', family: 'IPv6', internal: false } as const;
  const cases: readonly [string, Parameters<typeof reachableFamilies>[0], readonly number[]][] = [
    ['IPv4 alone, where IPv6 ends at the link', { lo: loopback, eth0: [v4, link] }, [4]],
    ['IPv6 alone', { lo: loopback, eth0: [v6, link] }, [6]],
    ['both, IPv4 first', { eth0: [v6, v4] }, [4, 6]],
    ['both where there is no network', { lo: loopback }, [4, 6]],
  ];
  for (const [what, interfaces, expected] of cases) {
    it(`are ${what}`, () => {
      assert.deepEqual(reachableFamilies(interfaces), expected);
    });
  }
});
