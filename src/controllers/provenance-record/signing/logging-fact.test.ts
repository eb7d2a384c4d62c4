// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signedEvidenceFixture } from '../../../evidence/artifact.fixture.ts';
import type { EvidenceArtifact, StorageEntry } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { effectiveSigningPolicySpec } from '../../../api/v1alpha1/signing-policy/defaults.ts';
import type { PolicyDefinition } from '../../../pipelines/definitions.ts';
import { loggingFact } from './logging-fact.ts';
import { planRecord } from '../plan-record.ts';
import type { RecordSnapshot } from '../state/record-snapshot.ts';

const policyKey = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
const url = 'https://witness.example';
const both = { type: 'Rekor', rekor: { url }, timestampAuthorities: [{ url }] } as const;

function policy(transparency?: typeof both, more: Partial<PolicyDefinition> = {}): PolicyDefinition {
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  const spec = effectiveSigningPolicySpec({ signer, ...(transparency === undefined ? {} : { transparency }) }, '');
  return { ...policyKey, uid: 'p', generation: 1, homeNamespace: 'team-a', spec, ...more };
}

const signed = signedEvidenceFixture();
const asked: EvidenceArtifact = { ...signed, witnesses: ['Log', 'TimestampAuthority'] };
const stamped: EvidenceArtifact = { ...asked, timestamps: [{ url, time: '2026-01-01T00:01:00Z', token: 'dG9r' }] };
const logged: EvidenceArtifact = { ...stamped, logEntries: [{ url, logIndex: '7', entry: '{}' }] };
const without: EvidenceArtifact = { ...stamped, logFailure: 'the log is down' };
const stored: StorageEntry = { backendRef: { kind: 'StorageBackend', name: 'tekton' }, state: 'Stored' };

interface Given {
  readonly policy?: PolicyDefinition | undefined;
  readonly storage?: readonly StorageEntry[];
  /** The previous condition Logged. */
  readonly previous?: { readonly reason: string; readonly message: string };
}

function snapshot(artifacts: readonly EvidenceArtifact[], given: Given): RecordSnapshot {
  const time = '2026-01-01T00:00:00Z';
  const condition = { type: 'Logged', status: 'False', lastTransitionTime: time } as const;
  return {
    record: {
      isTrusted: true,
      object: {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ProvenanceRecord',
        metadata: { namespace: 'a', name: 'n', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: time },
        spec: {
          runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1', uid: 'r' },
          policyRef: { kind: 'SigningPolicy', name: 'builds' },
          outcome: 'Succeeded',
          completionTime: time,
          mode: 'Enforce',
          serviceAccountName: 'default',
        },
        evidence: { artifacts, seal: 's' },
        ...(given.previous === undefined ? {} : { status: { conditions: [{ ...condition, ...given.previous }] } }),
      },
      policy: policyKey,
      storage: given.storage ?? [],
    },
    policy: given.policy,
    signer: undefined,
    unsigned: undefined,
    backends: [],
    bindable: undefined,
    areWitnessesDue: true,
    hasRun: true,
    maxRetentionSeconds: 0,
    now: new Date(time),
  };
}

type Row = readonly [when: string, artifacts: readonly EvidenceArtifact[], given: Given, state: string | undefined];

const rows: readonly Row[] = [
  ['nothing is asked for', [signed], { policy: policy() }, undefined],
  ['nothing has seen it', [signed], { policy: policy(both) }, 'Pending'],
  ['only the clock has seen it', [stamped], { policy: policy(both) }, 'Pending'],
  ['everything has seen it', [logged], { policy: policy(both) }, 'Logged'],
  ['one of two was seen', [logged, signed], { policy: policy(both) }, 'Pending'],
  ['the log failed', [without], { policy: policy(both) }, 'Without'],
  ['the log failed for one, and nothing has seen the other', [without, signed], { policy: policy(both) }, 'Pending'],
  ['there is no payload yet', [], { policy: policy(both) }, 'Pending'],
  ['there is none and nothing is asked for', [], { policy: policy() }, undefined],
  ['the policy asks for no log any more, and one was logged', [logged, asked], { policy: policy() }, undefined],
  ['the policy asks for no log any more, and all were', [logged, logged], { policy: policy() }, 'Logged'],
  [
    'it is stored, and the policy asks for a log only now',
    [signed],
    { policy: policy(both), storage: [stored] },
    undefined,
  ],
  ['the policy is gone and everything has seen it', [logged], {}, 'Logged'],
  ['the policy is gone and had asked for nothing', [signed], {}, undefined],
  ['the policy is gone before the log has seen it', [stamped], {}, 'Pending'],
  ['it is stored and the policy is gone', [logged], { storage: [stored] }, 'Logged'],
  [
    'the policy cannot be read before the log has seen it',
    [asked],
    { policy: policy(undefined, { invalid: 'x' }) },
    'Pending',
  ],
];

describe('loggingFact', () => {
  for (const [when, artifacts, given, state] of rows) {
    it(`is ${state ?? 'nothing'} when ${when}`, () => {
      assert.equal(loggingFact(snapshot(artifacts, given), artifacts)?.state, state);
    });
  }

  it('reports the missing or invalid policy that would name the witnesses, and asks none', () => {
    for (const [given, reason] of [
      [{}, 'PolicyDeleted'],
      [{ policy: policy(both, { invalid: 'spec.x' }) }, 'PolicyInvalid'],
    ] as const) {
      const plan = planRecord(snapshot([asked], given));
      assert.ok(plan.action === 'Advance');
      const { logging } = plan.facts;
      assert.equal(logging?.state === 'Pending' && logging.problem?.reason, reason);
      assert.equal(plan.witness, false);
    }
  });

  it('repeats the problem of the last attempt, if it was about witnesses', () => {
    const factAfter = (reason: string): unknown =>
      loggingFact(snapshot([signed], { policy: policy(both), previous: { reason, message: 'm' } }), [signed]);
    const problem = { reason: 'TransparencyLogUnavailable', message: 'm' };
    assert.deepEqual(factAfter('TransparencyLogUnavailable'), { state: 'Pending', problem });
    assert.deepEqual(factAfter('PolicyDeleted'), { state: 'Pending' });
  });
});
