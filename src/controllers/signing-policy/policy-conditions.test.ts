// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyConditions, type PolicyFacts } from './policy-conditions.ts';

const fine: PolicyFacts = {
  generation: 3,
  keyID: 'SHA256:x',
  backends: [{ kind: 'StorageBackend', name: 'registry' }],
  missing: [],
  mode: 'Enforce',
  isSuspended: false,
};
const noKey = { reason: 'KeyNotFound', message: 'Secret "team-a/k" does not exist' } as const;
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

  it('is about the generation that it looked at', () => {
    for (const { observedGeneration } of policyConditions(fine)) assert.equal(observedGeneration, 3);
  });

  it('names the backend and what ails it', () => {
    const backends = [{ kind: 'StorageBackend', name: 'y', problem: down }];
    const [ready] = policyConditions({ ...fine, backends });
    assert.equal(ready?.message, 'StorageBackend y is not ready: no answer');
  });
});
