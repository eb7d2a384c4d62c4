// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { quietSeconds } from './quiet-wait.ts';

const made = '2026-01-01T00:00:00Z';
const object: ProvenanceRecord = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'ProvenanceRecord',
  metadata: {
    namespace: 'team-a',
    name: 'r',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: made,
  },
  spec: {
    runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'r', uid: 'v' },
    policyRef: { kind: 'SigningPolicy', name: 'builds' },
    outcome: 'Succeeded',
    mode: 'Enforce',
    completionTime: made,
    serviceAccountName: 'default',
  },
};
const at = (seconds: number): Date => new Date(Date.parse(made) + seconds * 1000);

describe('quietSeconds', () => {
  const rows: readonly (readonly [ageSeconds: number, seconds: number])[] = [
    [0, 45],
    [-5, 45],
    [40, 5],
    [45, 0],
    [3600, 0],
  ];
  for (const [age, seconds] of rows) {
    it(`leaves ${seconds} s to a record that is ${age} s old and says nothing yet`, () => {
      assert.equal(quietSeconds({ object }, at(age)), seconds);
    });
  }

  it('is over for one that says something', () => {
    const condition = { type: 'Ready', status: 'False', reason: 'Progressing', message: '', lastTransitionTime: made };
    const status = { conditions: [{ ...condition, status: 'False', observedGeneration: 1 }] } as const;
    assert.equal(quietSeconds({ object: { ...object, status } }, at(0)), 0);
  });
});
