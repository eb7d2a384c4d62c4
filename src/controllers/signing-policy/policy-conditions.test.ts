// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kstatus } from '../../api/v1alpha1/kstatus.ts';
import { policyConditions, type PolicyFacts } from './policy-conditions.ts';

const fine: PolicyFacts = {
  generation: 3,
  signsAs: 'key SHA256:x',
  backends: [{ kind: 'StorageBackend', name: 'registry' }],
  missing: [],
  mode: 'Enforce',
  isSuspended: false,
};
const noKey = { reason: 'KeyNotFound', message: 'Secret "team-a/k" does not exist' } as const;
const away = { reason: 'SignerUnavailable', message: 'no answer' } as const;
const early = { reason: 'KeyExpired', message: 'not yet', retryAfterSeconds: 9 } as const;
const forbidden = { reason: 'EndpointForbidden', message: 'policies may not use the log' } as const;
const down = { reason: 'BackendUnavailable', message: 'no answer' } as const;

/** `Type=Status Reason` of each condition, in order. */
function shown(facts: Partial<PolicyFacts>): string[] {
  return policyConditions({ ...fine, ...facts }).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

type Row = readonly [
  when: string,
  facts: Partial<PolicyFacts>,
  ready: string,
  key: string,
  backends: string,
  stalled: string,
];

const rows: readonly Row[] = [
  ['all is well', {}, 'True Ready', 'True Ready', 'True Ready', 'False'],
  ['it is invalid', { invalid: 'spec.x' }, 'False PolicyInvalid', 'False PolicyInvalid', 'True Ready', 'True'],
  ['the key fails', { keyProblem: noKey }, 'False KeyNotFound', 'False KeyNotFound', 'True Ready', 'True'],
  ['no backend is there', { backends: [] }, 'False BackendNotFound', 'True Ready', 'False BackendNotFound', 'True'],
  [
    'a named backend is not in reach',
    { missing: [{ kind: 'StorageBackend', name: 'x' }] },
    'False BackendNotFound',
    'True Ready',
    'False BackendNotFound',
    'True',
  ],
  [
    'one of its backends is down',
    { backends: [...fine.backends, { kind: 'StorageBackend', name: 'y', problem: down }] },
    'False BackendNotReady',
    'True Ready',
    'False BackendNotReady',
    'True',
  ],
  [
    'its log is not allowed',
    { witnessProblem: forbidden },
    'False EndpointForbidden',
    'True Ready',
    'True Ready',
    'True',
  ],
  [
    'it audits, which takes no log',
    { mode: 'Audit', witnessProblem: forbidden },
    'True AuditOnly',
    'True Ready',
    'True Ready',
    'False',
  ],
  [
    'it is suspended, whatever the key',
    { isSuspended: true, keyProblem: noKey },
    'False Suspended',
    'False KeyNotFound',
    'True Ready',
    'False',
  ],
  [
    'it audits, which takes no key',
    { mode: 'Audit', keyProblem: noKey },
    'True AuditOnly',
    'False KeyNotFound',
    'True Ready',
    'False',
  ],
];

describe('policyConditions', () => {
  for (const [when, facts, ready, key, backends, stalled] of rows) {
    it(`says Ready=${ready} when ${when}`, () => {
      const [reason = ''] = ready.split(' ').slice(1);
      assert.deepEqual(shown(facts), [
        `Ready=${ready}`,
        `KeyReady=${key}`,
        `BackendsReady=${backends}`,
        `Reconciling=False ${reason}`,
        `Stalled=${stalled} ${reason}`,
      ]);
    });
  }

  for (const keyProblem of [away, early]) {
    it(`is reconciling and not stalled while ${keyProblem.message} will pass by itself`, () => {
      assert.deepEqual(shown({ keyProblem }), [
        `Ready=False ${keyProblem.reason}`,
        `KeyReady=False ${keyProblem.reason}`,
        'BackendsReady=True Ready',
        `Reconciling=True ${keyProblem.reason}`,
        `Stalled=False ${keyProblem.reason}`,
      ]);
      const lastTransitionTime = '2026-01-01T00:00:00Z';
      const conditions = policyConditions({ ...fine, keyProblem }).map((fact) => ({ ...fact, lastTransitionTime }));
      assert.equal(
        kstatus({ metadata: { generation: 3 }, status: { observedGeneration: 3, conditions } }),
        'InProgress',
      );
    });
  }

  it('is reconciling while the trusted root of its witnesses is out of reach, and stalled when it is none', () => {
    const outOfReach = { reason: 'TransparencyLogUnavailable', message: 'the mirror is away' } as const;
    assert.deepEqual(shown({ witnessProblem: outOfReach }).slice(3), [
      'Reconciling=True TransparencyLogUnavailable',
      'Stalled=False TransparencyLogUnavailable',
    ]);
    const broken = { reason: 'VerificationFailed', message: 'it is no trusted root' } as const;
    assert.deepEqual(shown({ witnessProblem: broken }).slice(3), [
      'Reconciling=False VerificationFailed',
      'Stalled=True VerificationFailed',
    ]);
  });

  it('names the log that is not allowed, which does not pass by itself, before the backends', () => {
    const conditions = policyConditions({ ...fine, witnessProblem: forbidden, backends: [] });
    assert.equal(conditions[0]?.message, forbidden.message);
    assert.equal(conditions.find(({ type }) => type === 'Stalled')?.status, 'True');
  });

  it('is stalled by what is written although the signer will heal by itself', () => {
    const facts = { keyProblem: away, mode: 'Enforce', invalid: 'spec.x' } as const;
    assert.deepEqual(shown(facts).slice(3), ['Reconciling=False PolicyInvalid', 'Stalled=True PolicyInvalid']);
  });

  it('warns beside what is well', () => {
    const [, key] = policyConditions({ ...fine, warnings: ['it ends', 'an old one is gone'] });
    assert.equal(key?.message, 'key SHA256:x can sign; it ends; an old one is gone');
  });

  it('is about the generation that it looked at', () => {
    for (const { observedGeneration } of policyConditions(fine)) assert.equal(observedGeneration, 3);
  });

  it('names the backend and what ails it', () => {
    const backends = [{ kind: 'StorageBackend', name: 'y', problem: down }];
    const [ready] = policyConditions({ ...fine, backends });
    assert.equal(ready?.message, 'StorageBackend y is not ready: no answer');
  });
});
