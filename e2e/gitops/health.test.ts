// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { ConditionFact } from '../../src/api/v1alpha1/condition.ts';
import { kinds } from '../../src/api/v1alpha1/kinds.ts';
import { reasons } from '../../src/api/v1alpha1/reasons.ts';
import { ceilingConditions } from '../../src/controllers/policy-ceiling/ceiling-conditions.ts';
import { policyConditions } from '../../src/controllers/signing-policy/policy-conditions.ts';
import type { PolicyFacts } from '../../src/controllers/signing-policy/policy-verdict.ts';
import { backendConditions } from '../../src/controllers/storage-backend/backend-conditions.ts';
import { argocdHealth, kstatus, type Health } from './judges.ts';

const generation = 3;
const lastTransitionTime = '2026-01-01T00:00:00Z';
const message = 'create the Secret';

interface Case {
  readonly title: string;
  readonly kind: string;
  readonly conditions: readonly ConditionFact[];
}

const backend = { kind: 'StorageBackend', name: 'registry', isProbed: true };
const fine: PolicyFacts = { generation, backends: [backend], missing: [], mode: 'Enforce', isSuspended: false };
const problems = Object.values(reasons).map((reason) => ({ reason, message }));

/** Everything that the code of the policies, the backends and the ceilings can say. */
const policyFacts: readonly (readonly [string, Partial<PolicyFacts>])[] = [
  ['nothing wrong', {}],
  ['mode Audit', { mode: 'Audit' }],
  ['no room', { noRoom: 'full' }],
  ['no backend', { backends: [] }],
  ['a missing backend', { missing: [{ kind: 'StorageBackend', name: 'other' }] }],
  ['a backend that was never probed', { backends: [{ ...backend, isProbed: false }] }],
  ['a key that begins to be valid soon', { keyProblem: { reason: 'KeyExpired', message, retryAfterSeconds: 5 } }],
  ['a missing trusted root', { witnessProblem: { reason: 'VerificationFailed', message, isMissing: true } }],
  ...problems.flatMap((problem) => [
    [`a key with ${problem.reason}`, { keyProblem: problem }] as const,
    [`witnesses with ${problem.reason}`, { witnessProblem: problem }] as const,
    [`a backend with ${problem.reason}`, { backends: [{ ...backend, problem }] }] as const,
    [`a guard with ${problem.reason}`, { patchProblem: problem }] as const,
    [`a refusal by ${problem.reason}`, { refused: problem }] as const,
  ]),
];

const policyCases = policyFacts.flatMap(([title, facts]) =>
  [false, true].flatMap((isOverdue) =>
    [false, true].map((isSuspended): Omit<Case, 'kind'> => {
      const shown = `${title}${isOverdue ? ' for long' : ''}${isSuspended ? ', suspended' : ''}`;
      return { title: shown, conditions: policyConditions({ ...fine, ...facts, isOverdue, isSuspended }) };
    }),
  ),
);
const backendCases = [undefined, ...problems].flatMap((problem) =>
  [false, true].map((isOverdue): Omit<Case, 'kind'> => {
    const title = `${problem?.reason ?? 'nothing wrong'}${isOverdue ? ' for long' : ''}`;
    return { title, conditions: backendConditions({ generation, problem, isOverdue }) };
  }),
);
const ceilingCases = [{}, { invalid: 'it is broken' }].map((facts): Case => {
  const conditions = ceilingConditions({ name: 'tenants', uid: 'u', generation, spec: undefined, ...facts });
  return { title: facts.invalid ?? 'in force', kind: 'PolicyCeiling', conditions };
});
const cases: readonly Case[] = [
  ...['SigningPolicy', 'ClusterSigningPolicy'].flatMap((kind) => policyCases.map((each) => ({ kind, ...each }))),
  ...['StorageBackend', 'ClusterStorageBackend'].flatMap((kind) => backendCases.map((each) => ({ kind, ...each }))),
  ...ceilingCases,
];

function object({ kind, conditions }: Omit<Case, 'title'>, observedGeneration = generation): object {
  const timed = conditions.map((condition) => ({ ...condition, lastTransitionTime }));
  const status = { observedGeneration, conditions: timed };
  return { apiVersion: 'hallmark.dev/v1alpha1', kind, metadata: { name: 'x', generation }, status };
}

/** Argo CD's names for what kstatus says; a suspended policy is as its author wants it. */
const expected: Readonly<Record<string, readonly string[]>> = {
  Current: ['Healthy', 'Suspended'],
  InProgress: ['Progressing'],
  Failed: ['Degraded'],
};

describe('the health of our kinds in Argo CD and Flux', () => {
  let health: readonly (Health | undefined)[];
  let statuses: readonly string[];
  before(async () => {
    const objects = cases.map((each) => object(each));
    health = await argocdHealth(objects);
    statuses = await kstatus(objects);
  });

  const titled = (of: (index: number) => unknown): readonly string[] =>
    cases.map(({ kind, title }, index) => `${kind} with ${title}: ${String(of(index))}`);
  const ready = (index: number): ConditionFact | undefined =>
    cases[index]?.conditions.find(({ type }) => type === 'Ready');

  it('is what kstatus says of each state that the operator can report', () => {
    const odd = cases.filter((_, index) => !expected[statuses[index] ?? '']?.includes(health[index]?.status ?? ''));
    assert.deepEqual(odd, []);
    for (const status of ['Healthy', 'Suspended', 'Progressing', 'Degraded'])
      assert.ok(health.some((each) => each?.status === status));
  });

  it('has the reason and the message of Ready', () => {
    assert.deepEqual(
      titled((index) => health[index]?.message),
      titled((index) => `${ready(index)?.reason ?? ''}: ${ready(index)?.message ?? ''}`),
    );
  });

  it('is Suspended for a suspended policy that is obeyed, and for nothing else', () => {
    assert.deepEqual(
      titled((index) => health[index]?.status === 'Suspended'),
      titled((index) => ready(index)?.status === 'True' && ready(index)?.reason === 'Suspended'),
    );
  });

  const healing = {
    Policy: [
      ...['a key with KeyNotFound', 'a key with SignerUnauthorized', 'a key with EndpointForbidden'],
      ...['witnesses with EndpointForbidden', 'a missing trusted root', 'a guard with GuardForbidden'],
      ...['no backend', 'a missing backend', 'a backend with BackendUnauthorized', 'a backend with EndpointForbidden'],
    ],
    Backend: ['BackendUnauthorized', 'EndpointForbidden'],
  };
  for (const [end, titles] of Object.entries(healing)) {
    for (const title of titles) {
      it(`is Progressing for a ${end.toLowerCase()} with ${title}, and Degraded only after long`, () => {
        const of = (shown: string): readonly (string | undefined)[] =>
          cases.flatMap((each, index) =>
            each.kind.endsWith(end) && each.title === shown ? [health[index]?.status] : [],
          );
        assert.deepEqual(of(title), ['Progressing', 'Progressing']);
        assert.deepEqual(of(`${title} for long`), ['Degraded', 'Degraded']);
      });
    }
  }

  it('is Progressing until the operator has seen the object, or its latest version', async () => {
    const conditions = policyConditions(fine);
    const unseen = Object.keys(kinds)
      .filter((kind) => kind !== 'ProvenanceRecord')
      .flatMap((kind) => [
        object({ kind, conditions }, generation - 1),
        { apiVersion: 'hallmark.dev/v1alpha1', kind, metadata: { name: 'x', generation } },
        { ...object({ kind, conditions }), status: { observedGeneration: generation, conditions: [] } },
      ]);
    for (const each of await argocdHealth(unseen))
      assert.deepEqual(each, { status: 'Progressing', message: 'Hallmark has not looked at this version yet' });
  });

  it('is Progressing while an object is being deleted', async () => {
    const deleted = cases.slice(0, 4).map((each) => {
      const metadata = { name: 'x', generation, deletionTimestamp: lastTransitionTime };
      return { ...object(each), metadata };
    });
    for (const each of await argocdHealth(deleted)) assert.equal(each?.status, 'Progressing');
    assert.deepEqual(
      await kstatus(deleted),
      deleted.map(() => 'Terminating'),
    );
  });
});
