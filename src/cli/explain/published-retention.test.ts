// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SigningPolicySpec } from '../../api/v1alpha1/signing-policy/schema.ts';
import { shownDefaults } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { publishedRetention, retentionText } from './published-retention.ts';

const OPERATOR = 'hallmark-system';
const limited: RetentionLimits = { default: { type: 'WithRun', seconds: 604_800 }, maxSeconds: 3600 };

/** A policy as the operator leaves it: with the settings in force in its status. */
function observed(record: SigningPolicySpec['record'], limits: RetentionLimits, observedGeneration = 1): object {
  const metadata = { namespace: 'team-a', name: 'builds', uid: 'u', resourceVersion: '1', generation: 1 };
  const spec = { signer: { type: 'Key', key: { secretRef: { name: 'k' } } }, ...(record && { record }) };
  const object = {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'SigningPolicy',
    metadata: { ...metadata, creationTimestamp: '2025-01-01T00:00:00Z' },
    spec,
  };
  const read = readPolicy(object, OPERATOR, limits);
  assert.ok(read !== undefined && read.invalid === undefined);
  return { ...object, status: { observedGeneration, effective: shownDefaults(read.spec) } };
}

function explained(object: object): string {
  const policy = readPolicy(object, OPERATOR, publishedRetention(object));
  assert.ok(policy !== undefined);
  return retentionText(policy);
}

describe('the retention in an explanation', () => {
  const cases: readonly (readonly [string, SigningPolicySpec['record'], RegExp])[] = [
    ["the platform's default and limit", undefined, /^its record is kept until the run is gone, and for 3600 seconds/],
    ["the team's shorter time", { retention: 'Seconds', seconds: 60 }, /^its record is kept for 60 seconds[^:]*$/],
    [
      'that the limit cuts a longer time',
      { retention: 'Seconds', seconds: 7200 },
      /kept for 3600 seconds.*: spec\.record asks for 7200 seconds, and the platform .* at most 3600 seconds/,
    ],
    ['that the limit cuts eternity', { retention: 'Keep' }, /kept for 3600 seconds.*: spec\.record asks for Keep/],
  ];
  for (const [what, record, text] of cases) {
    it(`names ${what}, as the operator published it`, () => {
      assert.match(explained(observed(record, limited)), text);
    });
  }

  it('is the standard one while the operator has not looked at the policy', () => {
    assert.equal(
      explained(observed(undefined, limited, 0)),
      'its record is kept for 604800 seconds after the run finished',
    );
    assert.equal(explained(observed({ retention: 'Keep' }, limited, 0)), 'its record is kept for ever');
  });
});
