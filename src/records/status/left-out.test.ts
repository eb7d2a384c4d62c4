// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { recordConditions } from './record-conditions.ts';
import type { BackendFact, RecordFacts } from './record-facts.ts';
import { statusEvents } from './record-events.ts';
import { unsignedProblem } from './unsigned-problem.ts';

const ignored = 'HintIgnored: result "IMAGE_URL" stands alone';
const missing = 'MaterialMissing: the image of step "a" is empty';
const removed = 'CredentialRemoved: the user info of a URL';
const attestation = { name: 'attestation', isSigned: true };
const image = { name: 'image-0123456789ab', isSigned: true };

function backend(artifact: string | undefined, rest: Partial<BackendFact> = {}): BackendFact {
  const locations = artifact === undefined ? [] : [{ uri: `oci://r/${artifact}`, artifact }];
  return { backendRef: { kind: 'StorageBackend', name: 'registry' }, state: 'Stored', locations, ...rest };
}

function complete(facts: Partial<RecordFacts>) {
  const all = { generation: 1, artifacts: [attestation], backends: [backend('attestation')], ...facts };
  const found = recordConditions(all).find(({ type }) => type === 'Complete');
  return found === undefined ? undefined : [found.status, found.reason, found.message];
}

describe('Complete', () => {
  it('is True where nothing was left out, and absent where there is no payload', () => {
    assert.deepEqual(complete({})?.slice(0, 2), ['True', 'Complete']);
    assert.equal(complete({ artifacts: [], unsigned: { reason: 'PayloadInvalid', message: 'm' } }), undefined);
  });

  it('is False with the first warning about what is left out', () => {
    assert.deepEqual(complete({ warnings: [removed, ignored] }), ['False', 'SubjectIgnored', ignored]);
    const both = complete({ warnings: [missing, ignored] });
    assert.deepEqual(both, ['False', 'StatementIncomplete', `${missing} (and 1 more)`]);
    assert.equal(complete({ warnings: ['ChildMissing: child TaskRun a is gone'] })?.[1], 'ChildMissing');
  });

  it('does not depend on what is signed as it is written', () => {
    const warnings = [removed, 'UriMalformed: u', 'DigestMalformed: d', 'a text of an earlier version'];
    assert.equal(complete({ warnings })?.[0], 'True');
  });

  it('is False for an artifact without a place in any backend, once all had their turn', () => {
    const problem = { reason: 'NoSubjects', message: 'no subject is an image' } as const;
    const artifacts = [attestation, image];
    const found = complete({ artifacts, backends: [backend('attestation', { problem })] });
    const message = 'no backend has a place for image-0123456789ab: no subject is an image';
    assert.deepEqual(found, ['False', 'NoSubjects', message]);
    assert.equal(complete({ artifacts, backends: [backend(undefined, { state: 'Pending' })] })?.[0], 'True');
    assert.equal(complete({ artifacts, backends: [backend('attestation'), backend(image.name)] })?.[0], 'True');
    assert.equal(complete({ artifacts, backends: [backend('attestation', { unlistedLocations: 1 })] })?.[0], 'True');
  });

  it('leaves Ready as it is', () => {
    const facts = { generation: 1, artifacts: [attestation], backends: [backend('attestation')], warnings: [ignored] };
    assert.equal(recordConditions(facts)[0]?.status, 'True');
  });
});

describe('the Event about what is left out', () => {
  const ready = { type: 'Ready', status: 'True', reason: 'Stored', message: 'm', lastTransitionTime: '' } as const;
  const incomplete = {
    ...ready,
    type: 'Complete',
    status: 'False',
    reason: 'SubjectIgnored',
    message: ignored,
  } as const;

  it('is written once', () => {
    const events = [{ type: 'Warning', reason: 'SubjectIgnored', message: ignored }];
    assert.deepEqual(statusEvents(undefined, { conditions: [ready, incomplete] }), events);
    const again = { conditions: [ready, { ...incomplete, message: 'other' }] };
    assert.deepEqual(statusEvents({ conditions: [ready, incomplete] }, again), []);
  });

  it('is not written along with the same Event of Ready', () => {
    const refused = { ...ready, status: 'False', reason: 'SubjectIgnored' } as const;
    assert.equal(statusEvents(undefined, { conditions: [refused, incomplete] }).length, 1);
  });
});

describe('children.onMissing', () => {
  const policyName = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  const gone = 'ChildMissing: child TaskRun a is gone';
  const replaced = 'ChildReplaced: child TaskRun b is not the one';
  function problem(onMissing: 'Warn' | 'Refuse', warnings: readonly string[], notes?: 'Recorded') {
    const children = { onMissing, ...(notes === undefined ? {} : { notes }) };
    const spec = effectiveSigningPolicySpec({ signer, children }, '');
    const policy = { ...policyName, uid: 'u', generation: 1, homeNamespace: 'team-a', spec };
    return unsignedProblem({ mode: 'Enforce', policyName, policy, subjects: [], warnings });
  }

  it('Refuse keeps a run with a missing or replaced child unsigned, and says which', () => {
    assert.equal(problem('Refuse', [ignored, gone])?.reason, 'ChildMissing');
    const found = problem('Refuse', [removed, replaced, gone]);
    assert.equal(found?.reason, 'ChildReplaced');
    assert.match(
      found.message,
      /onMissing of SigningPolicy team-a\/builds refuses the run: .*TaskRun b .*\(and 1 more\)/,
    );
  });

  it('Refuse accepts children that were read later, and Warn accepts all', () => {
    assert.equal(problem('Refuse', ['ChildrenReadLater: a', ignored]), undefined);
    assert.equal(problem('Warn', [replaced, gone]), undefined);
  });

  it('Refuse accepts no children that were read later where their notes are to be recorded', () => {
    const later = 'ChildrenReadLater: the operator did not see these children finish: a';
    const found = problem('Refuse', [ignored, later], 'Recorded');
    assert.equal(found?.reason, 'ChildrenReadLater');
    assert.match(found.message, /onMissing of SigningPolicy team-a\/builds refuses the run: .*finish: a$/);
    assert.equal(problem('Refuse', [later, gone], 'Recorded')?.reason, 'ChildMissing');
    assert.equal(problem('Warn', [later], 'Recorded'), undefined);
  });

  it('has a refused run wait for its policy, and not for a child', () => {
    const refused = problem('Refuse', [gone]);
    assert.ok(refused !== undefined);
    const artifacts = [{ ...attestation, isSigned: false }];
    const facts = { generation: 1, artifacts, backends: [], warnings: [gone], unsigned: refused };
    const statuses = recordConditions(facts).filter(({ status }) => status === 'True');
    assert.deepEqual(
      statuses.map(({ type }) => type),
      ['Stalled'],
    );
  });
});

describe('subjects.onIgnored', () => {
  const policyName = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  function problem(onIgnored: 'Warn' | 'Refuse' | undefined, warnings: readonly string[]) {
    const subjects = onIgnored === undefined ? {} : { subjects: { onIgnored } };
    const spec = effectiveSigningPolicySpec({ signer, ...subjects }, '');
    const policy = { ...policyName, uid: 'u', generation: 1, homeNamespace: 'team-a', spec };
    return unsignedProblem({ mode: 'Enforce', policyName, policy, subjects: [], warnings });
  }

  it('Refuse keeps a run with an ignored subject unsigned, and names the first', () => {
    const found = problem('Refuse', [missing, ignored]);
    assert.equal(found?.reason, 'SubjectIgnored');
    assert.match(found.message, /onIgnored of SigningPolicy team-a\/builds refuses the run: .*"IMAGE_URL"/);
  });

  it('Refuse accepts a run whose warnings are about something else', () => {
    assert.equal(problem('Refuse', [missing, removed]), undefined);
  });

  it('Warn, the default, signs', () => {
    assert.equal(problem('Warn', [ignored]), undefined);
    assert.equal(problem(undefined, [ignored]), undefined);
  });
});
