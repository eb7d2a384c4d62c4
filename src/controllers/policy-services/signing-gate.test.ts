// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { SigningPolicySpec } from '../../api/v1alpha1/signing-policy/schema.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { trustedRootJson } from '../../trust/trust-bed.fixture.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { PolicyWitnesses } from './policy-witnesses.ts';
import { refusal } from '../../pipelines/refusal.ts';
import { policyVerdict } from '../signing-policy/policy-verdict.ts';
import { PolicySigners } from './policy-signers.ts';
import { SigningGate } from './signing-gate.ts';
import { signerReport } from '../signing-policy/signer-report.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

const { signal } = new AbortController();
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyEntries = { 'x509.pem': Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })) };

const logged = { transparency: { type: 'Rekor', rekor: { url: 'https://rekor.example' } } } as const;
const trustedRoot = { type: 'ConfigMap', configMap: { name: 'root' } } as const;

function policyOf(fields: Partial<SigningPolicySpec>, invalid?: string): PolicyDefinition {
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  const spec = effectiveSigningPolicySpec({ signer, ...fields }, '2025-01-01T00:00:00Z');
  const name = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds', uid: 'u' } as const;
  return { ...name, generation: 1, homeNamespace: 'team-a', spec, ...(invalid === undefined ? {} : { invalid }) };
}

describe('SigningGate', () => {
  let clock: ManualClock;
  let keys: PolicySigners;
  let gate: SigningGate;
  let hasKey: boolean;
  let hasRoot: boolean;
  let tokens: number;

  beforeEach(() => {
    clock = new ManualClock();
    hasKey = true;
    hasRoot = false;
    tokens = 0;
    const access = {
      objects: {
        getSecret: () => Promise.resolve(hasKey ? keyEntries : undefined),
        getConfigMap: () =>
          Promise.resolve(hasRoot ? { 'trusted_root.json': trustedRootJson('https://rekor.example') } : undefined),
        getTypedSecret: () => Promise.resolve(undefined),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: {
        token: () => {
          tokens += 1;
          return Promise.reject(new CredentialError('Forbidden', 'no tokens here'));
        },
      },
      egress: new EgressClient({ allow: [] }),
      clock,
    };
    keys = new PolicySigners({ ...access, keylessAudience: 'sigstore' });
    const logs = ['https://rekor.example'];
    const witnesses = new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs });
    gate = new SigningGate({ keys, witnesses, clock });
  });

  const forbidden = { transparency: { type: 'Rekor', rekor: { url: 'https://rekor.elsewhere' } } } as const;
  const expired = {
    signer: { type: 'Key', key: { secretRef: { name: 'k' }, notAfter: '2020-01-01T00:00:00Z' } },
  } as const;
  const rows: readonly (readonly [string, PolicyDefinition, string | undefined])[] = [
    ['nothing is wrong', policyOf({}), undefined],
    ['it is invalid', policyOf({}, 'spec.x'), 'PolicyInvalid'],
    ['it is suspended', policyOf({ suspend: true }), 'Suspended'],
    ['its key has ended', policyOf(expired), 'KeyExpired'],
    ['its log is not allowed', policyOf(forbidden), 'EndpointForbidden'],
    ['its log is judged by a trusted root that is missing', policyOf({ ...logged, trustedRoot }), 'VerificationFailed'],
    [
      'its timestamps are',
      policyOf({ transparency: { type: 'None', timestampAuthorities: [{ url: 'https://tsa.example' }] }, trustedRoot }),
      'VerificationFailed',
    ],
    ['nothing is judged by the trusted root that is missing', policyOf({ trustedRoot }), undefined],
  ];
  for (const [when, policy, reason] of rows) {
    it(`lets runs be signed exactly when the policy reports that it can: when ${when}`, async () => {
      const signer = await gate.signer(policy, signal);
      assert.equal('reason' in signer ? signer.reason : undefined, reason);
      const { problem } = await signerReport(keys, { policy, object: undefined }, signal);
      const { ready } = policyVerdict({
        generation: 1,
        refused: refusal(policy),
        keyProblem: problem,
        witnessProblem: await gate.witnessProblem(policy, signal),
        signsAs: 'key',
        backends: [{ kind: 'StorageBackend', name: 'b', isProbed: true }],
        missing: [],
        mode: 'Enforce',
        isSuspended: policy.spec.suspend,
      });
      assert.equal(ready.reason, reason ?? 'Ready');
    });
  }

  it('requests no certificate that would sign nothing', async () => {
    const signer = {
      type: 'Keyless',
      keyless: { fulcioURL: 'https://fulcio.example', serviceAccountName: 'builder' },
    } as const;
    const refused = await gate.signer(policyOf({ signer, ...logged, trustedRoot }), signal);
    assert.equal('reason' in refused ? refused.reason : undefined, 'VerificationFailed');
    assert.equal(tokens, 0);
  });

  it('calls its listener when the trusted root of witnesses appears and disappears', async () => {
    const policy = policyOf({ ...logged, trustedRoot });
    const changes: boolean[] = [];
    gate.onChange((_policy, isWorking) => changes.push(isWorking));
    assert.ok('reason' in (await gate.signer(policy, signal)));
    assert.deepEqual(changes, []);
    hasRoot = true;
    await clock.advance(61_000);
    assert.equal(await gate.witnessProblem(policy, signal), undefined);
    assert.deepEqual(changes, [true]);
    assert.ok('sign' in (await gate.signer(policy, signal)));
    hasRoot = false;
    await clock.advance(61_000);
    assert.ok('reason' in (await gate.signer(policy, signal)));
    assert.deepEqual(changes, [true, false]);
  });
});
