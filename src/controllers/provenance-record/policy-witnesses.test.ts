// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { TokenError } from '../../credentials/token-source.ts';
import { OutboundDoor } from '../../net/outbound-door.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { systemClock } from '../../runtime/clock.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { PolicyWitnesses } from './policy-witnesses.ts';

const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const access = {
  objects: { getSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing },
  tokens: { token: () => Promise.reject(new TokenError('Forbidden', 'this test has no ServiceAccounts')) },
  door: new OutboundDoor({ allow: [] }),
  clock: systemClock,
};
const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;

function witnesses(logs: readonly string[]): PolicyWitnesses {
  return new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs });
}

function policyWith(url: string): Pick<PolicyDefinition, 'spec'> {
  return { spec: effectiveSigningPolicySpec({ signer, transparency: { type: 'Rekor', rekor: { url } } }, '') };
}

describe('PolicyWitnesses', () => {
  it('has nothing against a policy whose log the configuration lists', () => {
    assert.equal(
      witnesses(['https://rekor.team.example']).problem(policyWith('https://rekor.team.example/')),
      undefined,
    );
  });

  it('knows before any run that a log is not allowed, and says who can allow it', () => {
    for (const logs of [[], ['https://rekor.team.example']]) {
      const problem = witnesses(logs).problem(policyWith('https://rekor.sigstore.dev'));
      assert.equal(problem?.reason, 'EndpointForbidden');
      assert.match(problem.message, /rekor\.sigstore\.dev.*administrator.*"transparency\.logs"/);
    }
  });

  it('has nothing against a policy without a log', () => {
    assert.equal(witnesses([]).problem({ spec: effectiveSigningPolicySpec({ signer }, '') }), undefined);
  });
});
