// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kstatus, type KStatus } from '../../api/v1alpha1/kstatus.fixture.ts';
import { policyConditions } from './policy-conditions.ts';
import type { PolicyFacts } from './policy-verdict.ts';

const fine: PolicyFacts = {
  generation: 3,
  signsAs: 'key SHA256:x',
  backends: [{ kind: 'StorageBackend', name: 'registry', isProbed: true }],
  missing: [],
  mode: 'Enforce',
  isSuspended: false,
};
const noKey = { reason: 'KeyNotFound', message: 'Secret "team-a/k" does not exist' } as const;
const away = { reason: 'SignerUnavailable', message: 'no answer' } as const;
const early = { reason: 'KeyExpired', message: 'not yet', retryAfterSeconds: 9 } as const;
const forbidden = { reason: 'EndpointForbidden', message: 'policies may not use the log' } as const;
const down = { reason: 'BackendUnavailable', message: 'no answer' } as const;
const refused = { reason: 'BackendUnauthorized', message: 'no credentials' } as const;
const noRoot = {
  reason: 'VerificationFailed',
  message: 'ConfigMap team-a/root does not exist',
  isMissing: true,
} as const;

/** `Type=Status Reason` of each condition, in order. */
function shown(facts: Partial<PolicyFacts>): string[] {
  return policyConditions({ ...fine, ...facts }).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

/** The kstatus of the policy, as Flux and Argo CD compute it. */
function kstatusOf(facts: Partial<PolicyFacts>): KStatus {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const conditions = policyConditions({ ...fine, ...facts }).map((fact) => ({ ...fact, lastTransitionTime }));
  return kstatus({ metadata: { generation: 3 }, status: { observedGeneration: 3, conditions } });
}

type Row = readonly [
  when: string,
  facts: Partial<PolicyFacts>,
  ready: string,
  key: string,
  backends: string,
  flags: '' | 'Reconciling' | 'Stalled',
];

const settled: readonly Row[] = [
  ['all is well', {}, 'True Ready', 'True Ready', 'True Ready', ''],
  [
    'its runs wait for room under a ceiling, even of an audit',
    { noRoom: 'full', mode: 'Audit' },
    'False CeilingExceeded',
    'True Ready',
    'True Ready',
    'Reconciling',
  ],
  [
    'it is invalid',
    { refused: { reason: 'PolicyInvalid', message: 'spec.x' } },
    'False PolicyInvalid',
    'Unknown PolicyInvalid',
    'True Ready',
    'Stalled',
  ],
  [
    'it exceeds a ceiling, even as an audit',
    { refused: { reason: 'CeilingExceeded', message: 'spec.x' }, mode: 'Audit' },
    'False CeilingExceeded',
    'Unknown CeilingExceeded',
    'True Ready',
    'Stalled',
  ],
  [
    'it audits, which takes no log',
    { mode: 'Audit', witnessProblem: forbidden },
    'True AuditOnly',
    'True Ready',
    'True Ready',
    '',
  ],
  [
    'it is suspended, whatever the key and the backends',
    { isSuspended: true, keyProblem: noKey, backends: [] },
    'True Suspended',
    'False KeyNotFound',
    'False BackendNotFound',
    '',
  ],
  [
    'it audits, which takes no key',
    { mode: 'Audit', keyProblem: noKey },
    'True AuditOnly',
    'False KeyNotFound',
    'True Ready',
    '',
  ],
  [
    'one of its backends is down',
    { backends: [...fine.backends, { kind: 'StorageBackend', name: 'y', isProbed: true, problem: down }] },
    'False BackendNotReady',
    'True Ready',
    'False BackendNotReady',
    'Reconciling',
  ],
  [
    'one of its backends was never probed',
    { backends: [...fine.backends, { kind: 'StorageBackend', name: 'y' }] },
    'Unknown Progressing',
    'True Ready',
    'Unknown Progressing',
    'Reconciling',
  ],
];

type AwaitedRow = readonly [when: string, facts: Partial<PolicyFacts>, ready: string, key: string, backends: string];

/** States that the same apply may still end: the policy is stalled only when they last. */
const awaited: readonly AwaitedRow[] = [
  ['the key Secret is missing', { keyProblem: noKey }, 'False KeyNotFound', 'False KeyNotFound', 'True Ready'],
  ['the trusted root is missing', { witnessProblem: noRoot }, 'False VerificationFailed', 'True Ready', 'True Ready'],
  ['its log is not allowed', { witnessProblem: forbidden }, 'False EndpointForbidden', 'True Ready', 'True Ready'],
  [
    'its signing service is not allowed',
    { keyProblem: { reason: 'EndpointForbidden', message: 'no connection' } },
    'False EndpointForbidden',
    'False EndpointForbidden',
    'True Ready',
  ],
  [
    'its identity may not sign',
    { keyProblem: { reason: 'SignerUnauthorized', message: 'grant it' } },
    'False SignerUnauthorized',
    'False SignerUnauthorized',
    'True Ready',
  ],
  [
    'the operator may not keep its runs',
    { patchProblem: { reason: 'GuardForbidden', message: 'x' } },
    'False GuardForbidden',
    'True Ready',
    'True Ready',
  ],
  ['no backend is there', { backends: [] }, 'False BackendNotFound', 'True Ready', 'False BackendNotFound'],
  [
    'a named backend is not found',
    { missing: [{ kind: 'StorageBackend', name: 'x' }] },
    'False BackendNotFound',
    'True Ready',
    'False BackendNotFound',
  ],
  [
    'a backend has no credentials',
    { backends: [{ kind: 'StorageBackend', name: 'y', isProbed: true, problem: refused }] },
    'False BackendNotReady',
    'True Ready',
    'False BackendNotReady',
  ],
];

const rows: readonly Row[] = [
  ...settled,
  ...awaited.map(([when, ...row]): Row => [`${when} for a moment`, ...row, 'Reconciling']),
  ...awaited.map(([when, facts, ...row]): Row => [
    `${when} for long`,
    { ...facts, isOverdue: true },
    ...row,
    'Stalled',
  ]),
  ...settled
    .filter(([, , , , , flags]) => flags !== 'Stalled')
    .map(([when, facts, ...row]): Row => [`${when}, however long`, { ...facts, isOverdue: true }, ...row]),
];

const outcome = { '': 'Current', Reconciling: 'InProgress', Stalled: 'Failed' } as const;

describe('policyConditions', () => {
  for (const [when, facts, ready, key, backends, flags] of rows) {
    it(`reports Ready=${ready} when ${when}`, () => {
      const [reason = ''] = ready.split(' ').slice(1);
      const flag = (type: string): string => `${type}=${flags === type ? 'True' : 'False'} ${reason}`;
      assert.deepEqual(shown(facts), [
        `Ready=${ready}`,
        `KeyReady=${key}`,
        `BackendsReady=${backends}`,
        flag('Reconciling'),
        flag('Stalled'),
      ]);
      assert.equal(kstatusOf(facts), outcome[flags]);
    });
  }

  for (const keyProblem of [away, early]) {
    it(`is reconciling and not stalled while ${keyProblem.message} passes without a change`, () => {
      assert.deepEqual(shown({ keyProblem }), [
        `Ready=False ${keyProblem.reason}`,
        `KeyReady=False ${keyProblem.reason}`,
        'BackendsReady=True Ready',
        `Reconciling=True ${keyProblem.reason}`,
        `Stalled=False ${keyProblem.reason}`,
      ]);
      assert.equal(kstatusOf({ keyProblem }), 'InProgress');
    });
  }

  it('is reconciling while the trusted root of its witnesses cannot be read, and stalled when it is not valid', () => {
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

  it('names a forbidden log, which needs a change, before the backends', () => {
    const conditions = policyConditions({ ...fine, witnessProblem: forbidden, backends: [] });
    assert.equal(conditions[0]?.message, forbidden.message);
  });

  it('is stalled when invalid, even if the signer will recover', () => {
    const facts = {
      keyProblem: away,
      mode: 'Enforce',
      refused: { reason: 'PolicyInvalid', message: 'spec.x' },
    } as const;
    assert.deepEqual(shown(facts).slice(3), ['Reconciling=False PolicyInvalid', 'Stalled=True PolicyInvalid']);
  });

  it('adds warnings to a healthy condition', () => {
    const [, key] = policyConditions({ ...fine, warnings: ['it ends', 'an old one is gone'] });
    assert.equal(key?.message, 'key SHA256:x can sign; it ends; an old one is gone');
  });

  it('names the generation that it observed', () => {
    for (const { observedGeneration } of policyConditions(fine)) assert.equal(observedGeneration, 3);
  });

  it('names the backend and its problem', () => {
    const backends = [{ kind: 'StorageBackend', name: 'y', problem: down }];
    const [ready] = policyConditions({ ...fine, backends });
    assert.equal(ready?.message, 'StorageBackend y is not ready: no answer');
  });

  it('names the backend that needs a change before the one that recovers', () => {
    const backends = [
      { kind: 'StorageBackend', name: 'y', problem: down },
      { kind: 'StorageBackend', name: 'z', problem: refused },
    ];
    const [ready] = policyConditions({ ...fine, backends });
    assert.equal(ready?.message, 'StorageBackend z is not ready: no credentials');
  });

  it('names what the backends in reach do not accept, and is ready', () => {
    const untaken = ['StorageBackend b takes no SimpleSigning'];
    const [ready, , backends] = policyConditions({ ...fine, untaken });
    assert.equal(ready?.message, 'ready to sign selected runs; StorageBackend b takes no SimpleSigning');
    assert.equal(backends?.message, '1/1 backends ready; StorageBackend b takes no SimpleSigning');
  });
});
