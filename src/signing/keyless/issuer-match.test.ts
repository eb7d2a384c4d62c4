// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isIssuerMatch } from './issuer-match.ts';

const eks = 'https://oidc.eks.*.amazonaws.com/id/*';

const rows: readonly (readonly [pattern: string, issuer: string, isMatch: boolean])[] = [
  [eks, 'https://oidc.eks.us-west-2.amazonaws.com/id/B02C93B6', true],
  [eks, 'https://oidc.eks.us-west-2.amazonaws.com/id/', false],
  [eks, 'https://oidc.eks.a.b.amazonaws.com/id/x', false],
  [eks, 'https://oidc.eks.a/b.amazonaws.com/id/x', false],
  [eks, 'https://oidc.eks.us-west-2.amazonaws.com/id/x/y', false],
  ['https://issuer.example', 'https://issuer.example', true],
  ['https://issuer.example', 'https://issuer.example.evil', false],
  ['https://issuer.example', 'https://issuerxexample', false],
];

describe('isIssuerMatch', () => {
  for (const [pattern, issuer, expected] of rows) {
    it(`${expected ? 'takes' : 'refuses'} ${issuer} for ${pattern}`, () => {
      assert.equal(isIssuerMatch(pattern, issuer), expected);
    });
  }

  it('is done at once with a pattern that is made to take long', () => {
    const before = process.cpuUsage();
    assert.equal(isIssuerMatch(`${'*'.repeat(200)}!`, 'a'.repeat(200)), false);
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  });
});
