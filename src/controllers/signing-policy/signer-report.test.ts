// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { KubeError } from '../../kube/kube-error.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { SignerCheck } from '../../signing/signing-source.ts';
import { policyEvents } from './policy-events.ts';
import { type SignerReport, signerReport, storedPublication } from './signer-report.ts';

const policy: PolicyDefinition = {
  kind: 'SigningPolicy',
  namespace: 'team-a',
  name: 'builds',
  uid: 'u',
  generation: 1,
  homeNamespace: 'team-a',
  spec: effectiveSigningPolicySpec({ signer: { type: 'Key', key: { secretRef: { name: 'k' } } } }, ''),
};
const { signal } = new AbortController();
const active = { keyID: 'SHA256:a', publicKey: 'PEM a', notAfter: new Date('2026-02-01T00:00:00Z') };
const retired = [{ keyID: 'SHA256:b', publicKey: 'PEM b', notBefore: new Date('2025-01-01T00:00:00Z') }];
const shownRetired = { keyID: 'SHA256:b', publicKey: 'PEM b', state: 'Retired', notBefore: '2025-01-01T00:00:00Z' };
const stored = { publicKey: 'old', keyID: 'SHA256:old', verificationKeys: [{ keyID: 'SHA256:old' }], conditions: [] };

function reportOf(check: () => Promise<SignerCheck>): Promise<SignerReport> {
  return signerReport({ check }, { policy, object: { status: stored } }, signal);
}

function failing(error: Error): Promise<SignerReport> {
  return reportOf(() => Promise.reject(error));
}

describe('signerReport', () => {
  it('publishes the active key, then those before it, with their windows', async () => {
    const report = await reportOf(() => Promise.resolve({ active, retired }));
    assert.deepEqual(report.status, {
      publicKey: 'PEM a',
      keyID: 'SHA256:a',
      verificationKeys: [
        { keyID: 'SHA256:a', publicKey: 'PEM a', state: 'Active', notAfter: '2026-02-01T00:00:00Z' },
        shownRetired,
      ],
    });
    assert.equal(report.signsAs, 'key SHA256:a');
    assert.deepEqual(report.endsAt, active.notAfter);
  });

  it('publishes each key once, up to the limit of a status', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ keyID: `SHA256:${index % 30}`, publicKey: 'PEM' }));
    const { status } = await reportOf(() => Promise.resolve({ active, retired: [{ ...active }, ...many] }));
    const shown = listField(status, 'verificationKeys').map((key) => [field(key, 'keyID'), field(key, 'state')]);
    assert.deepEqual(shown.slice(0, 3), [
      ['SHA256:a', 'Active'],
      ['SHA256:0', 'Retired'],
      ['SHA256:1', 'Retired'],
    ]);
    assert.equal(shown.length, 17);
    assert.equal(new Set(shown.map(([keyID]) => keyID)).size, 17);
  });

  it('publishes the identity in certificates', async () => {
    const keyless = { identity: 'https://k8s/ns/a', issuer: 'https://issuer' };
    const report = await reportOf(() => Promise.resolve({ retired: [], keyless }));
    assert.deepEqual(report.status, { certificateIdentity: keyless });
    assert.equal(report.signsAs, 'https://k8s/ns/a by https://issuer');
  });

  it('publishes an expired key as retired', async () => {
    const report = await failing(new SigningError('KeyExpired', 'over', { published: { active, retired } }));
    assert.deepEqual(report.problem, { reason: 'KeyExpired', message: 'over' });
    assert.deepEqual(report.status['verificationKeys'], [
      { keyID: 'SHA256:a', publicKey: 'PEM a', state: 'Retired', notAfter: '2026-02-01T00:00:00Z' },
      shownRetired,
    ]);
  });

  for (const reason of ['SignerUnavailable', 'SignerUnauthorized', 'EndpointForbidden'] as const) {
    it(`keeps the published keys when the service fails: ${reason}`, async () => {
      const { publicKey, keyID, verificationKeys } = stored;
      const report = await failing(new SigningError(reason, 'away', { retryAfterSeconds: 30 }));
      assert.deepEqual(report.status, { publicKey, keyID, verificationKeys });
      assert.deepEqual(report.problem, { reason, message: 'away', retryAfterSeconds: 30 });
    });
  }

  it('publishes the keys that the policy lists while its service is away', async () => {
    const kept = [
      { keyID: 'SHA256:version', publicKey: 'PEM', state: 'Retired' },
      { keyID: 'SHA256:a', publicKey: 'PEM a', state: 'Active' },
      { keyID: 'SHA256:b', publicKey: 'PEM b', state: 'Active' },
    ];
    const { status } = await signerReport(
      { check: () => Promise.reject(new SigningError('SignerUnavailable', 'away', { published: { retired } })) },
      { policy, object: { status: { publicKey: 'PEM a', keyID: 'SHA256:a', verificationKeys: kept } } },
      signal,
    );
    assert.deepEqual(status, {
      publicKey: 'PEM a',
      keyID: 'SHA256:a',
      verificationKeys: [kept[1], shownRetired, kept[0]],
    });
  });

  for (const reason of ['KeyNotFound', 'KeyInvalid'] as const) {
    it(`publishes no key that is no longer confirmed: ${reason}`, async () => {
      assert.deepEqual((await failing(new SigningError(reason, 'gone'))).status, {});
    });
  }

  it('publishes a key that its service disabled as retired', async () => {
    const { publicKey, keyID } = stored;
    const report = await failing(new SigningError('KeyExpired', 'over'));
    assert.deepEqual(report.status, {
      ...{ publicKey, keyID },
      verificationKeys: [{ keyID: 'SHA256:old', state: 'Retired' }],
    });
  });

  it('publishes earlier keys even without the active one', async () => {
    const report = await failing(new SigningError('KeyNotFound', 'gone', { published: { retired } }));
    assert.deepEqual(report.status, { verificationKeys: [shownRetired] });
    assert.deepEqual(report.problem, { reason: 'KeyNotFound', message: 'gone' });
  });

  it('reads the published keys from the status', () => {
    const { publicKey, keyID, verificationKeys } = stored;
    assert.deepEqual(storedPublication({ status: stored }), { publicKey, keyID, verificationKeys });
    assert.deepEqual(storedPublication(undefined), {});
  });

  it('rethrows failures that may pass, without a report on the signer', async () => {
    await assert.rejects(failing(new KubeError({ status: 0, reason: 'Unreachable', message: 'away' })), {
      name: 'KubeError',
    });
  });
});

describe('policyEvents', () => {
  const warnings = [{ reason: 'KeyExpired', message: 'it ends soon' }] as const;
  const keyReady = (message: string) => [
    { type: 'KeyReady', status: 'True', reason: 'Ready', message, lastTransitionTime: '' } as const,
  ];
  const report = { signsAs: '', warnings, status: {} };

  it('emits each warning once', () => {
    const [before, after] = [keyReady('key a can sign'), keyReady('key a can sign; it ends soon')];
    const events = [{ type: 'Warning', reason: 'KeyExpired', message: 'it ends soon' }];
    assert.deepEqual(policyEvents({ before, after, report }), events);
    assert.deepEqual(policyEvents({ before: [], after, report }), events);
    assert.deepEqual(policyEvents({ before: after, after, report }), []);
  });
});
