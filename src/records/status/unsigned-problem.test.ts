// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { ceilingDefinition } from '../../pipelines/ceilings/ceiling.fixture.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { unsignedProblem } from './unsigned-problem.ts';

const policyName = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;

/** The problem of a record whose policy is under a ceiling that came after it. */
function under(ceiling: object, spec: object, mode: 'Enforce' | 'Audit') {
  const pipelines = new Pipelines('ops');
  pipelines.setNamespace({ name: 'team-a', labels: {} });
  pipelines.setPolicy(policyDefinition('team-a', 'builds', spec));
  pipelines.setCeiling(ceilingDefinition('teams', ceiling));
  const policy = pipelines.policyIn('team-a', policyName);
  return unsignedProblem({ mode, policyName, policy, subjects: [], warnings: [] });
}

describe('a record that was made to be signed', () => {
  it('is not signed once a ceiling allows its policy to audit only, and names the ceiling', () => {
    for (const spec of [{}, { mode: 'Audit' }]) {
      const problem = under({ auditOnly: true }, spec, 'Enforce');
      assert.equal(problem?.reason, reasons.CeilingExceeded);
      assert.match(
        problem.message,
        /^PolicyCeiling teams allows SigningPolicy team-a\/builds to audit only, and the run was to be signed: delete/,
      );
    }
  });

  it('says that its policy exceeds the ceiling, where that asks to sign', () => {
    const problem = under({ auditOnly: true }, { mode: 'Enforce' }, 'Enforce');
    assert.equal(problem?.reason, reasons.CeilingExceeded);
    assert.match(problem.message, /exceeds its ceiling: PolicyCeiling teams: spec\.mode is Enforce/);
  });

  it('is signed under a ceiling that lets policies sign, also once its policy audits', () => {
    for (const ceiling of [{}, { auditOnly: false }])
      for (const spec of [{}, { mode: 'Audit' }]) assert.equal(under(ceiling, spec, 'Enforce'), undefined);
  });

  it('says that it waits for its policy to go on, before it speaks of the ceiling', () => {
    assert.equal(under({ auditOnly: true }, { suspend: true }, 'Enforce')?.reason, reasons.Suspended);
  });
});

describe('a record that was made to audit', () => {
  it('audits, under each ceiling', () => {
    for (const ceiling of [{}, { auditOnly: true }])
      for (const spec of [{}, { mode: 'Enforce' }])
        assert.equal(under(ceiling, spec, 'Audit')?.reason, reasons.AuditOnly);
  });
});
