// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summariseRun } from './run-summary.ts';

const metadata = {
  namespace: 'n',
  name: 'r',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2025-01-01T00:00:00Z',
};

function taskRun(status: unknown, spec: unknown = {}): unknown {
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec, status };
}

function finished(status: string, reason: string, rest: object = {}) {
  const condition = { type: 'Succeeded', status, reason, lastTransitionTime: '2025-01-02T00:00:00Z' };
  return summariseRun(taskRun({ conditions: [{ type: 'Other', status: 'True' }, condition], ...rest }))?.finished;
}

describe('the summary of a run', () => {
  it('holds the fields that selecting and ordering need', () => {
    const labels = { app: 'a', odd: 5 };
    const ownerReferences = [
      { kind: 'Other', uid: 'x' },
      { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', uid: 'p' },
    ];
    const run = {
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      metadata: {
        ...metadata,
        labels,
        ownerReferences,
        deletionTimestamp: '2025-01-01T00:00:00Z',
        finalizers: ['chains.tekton.dev', 7],
      },
      spec: { managedBy: 'other', serviceAccountName: 'builder' },
    };
    assert.deepEqual(summariseRun(run), {
      apiVersion: 'tekton.dev/v1',
      kind: 'TaskRun',
      namespace: 'n',
      name: 'r',
      uid: 'u',
      resourceVersion: '7',
      labels: { app: 'a' },
      managedBy: 'other',
      serviceAccountName: 'builder',
      pipelineRunUID: 'p',
      deletionTimestamp: '2025-01-01T00:00:00Z',
      finalizers: ['chains.tekton.dev'],
    });
  });

  it('takes the ServiceAccount of a PipelineRun from its template, or `default`', () => {
    const run = {
      apiVersion: 'tekton.dev/v1',
      kind: 'PipelineRun',
      metadata,
      spec: { taskRunTemplate: { serviceAccountName: 'sa' } },
    };
    assert.equal(summariseRun(run)?.serviceAccountName, 'sa');
    assert.equal(summariseRun(taskRun({}))?.serviceAccountName, 'default');
  });

  it('falls back to the label of the PipelineRun without an owner reference', () => {
    const labelled = { ...metadata, labels: { 'tekton.dev/pipelineRunUID': 'p' } };
    assert.equal(
      summariseRun({ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: labelled })?.pipelineRunUID,
      'p',
    );
  });

  it('has no end while the condition is unknown or missing', () => {
    assert.equal(finished('Unknown', 'Running'), undefined);
    assert.equal(summariseRun(taskRun({ completionTime: '2025-01-01T00:00:00Z' }))?.finished, undefined);
  });

  const outcomes = [
    ['True', 'Succeeded', 'Succeeded'],
    ['True', 'Completed', 'Succeeded'],
    ['False', 'Failed', 'Failed'],
    ['False', 'TaskRunTimeout', 'Failed'],
    ['False', 'PipelineRunTimeout', 'Failed'],
    ['False', 'TaskRunCancelled', 'Cancelled'],
    ['False', 'Cancelled', 'Cancelled'],
    ['False', 'CancelledRunningFinally', 'Cancelled'],
    ['False', 'PipelineRunCancelled', 'Cancelled'],
  ] as const;
  for (const [status, reason, outcome] of outcomes) {
    it(`calls ${status}/${reason} ${outcome}`, () => {
      assert.equal(finished(status, reason)?.outcome, outcome);
    });
  }

  it('completes at its completion time, else when the condition changed, else at its creation', () => {
    assert.equal(
      finished('True', 'x', { completionTime: '2025-01-03T01:00:00.5+01:00' })?.completionTime,
      '2025-01-03T00:00:00Z',
    );
    assert.equal(finished('True', 'x')?.completionTime, '2025-01-02T00:00:00Z');
    assert.equal(finished('True', 'x', { completionTime: 'yesterday' })?.completionTime, '2025-01-02T00:00:00Z');
    const bare = taskRun({ conditions: [{ type: 'Succeeded', status: 'True' }] });
    assert.equal(summariseRun(bare)?.finished?.completionTime, '2025-01-01T00:00:00Z');
  });

  const unusable: readonly unknown[] = [
    undefined,
    null,
    'x',
    {},
    { apiVersion: 'tekton.dev/v1', kind: 'TaskRun' },
    { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: { ...metadata, uid: 5 } },
    { apiVersion: 'tekton.dev/v1', kind: 'CustomRun', metadata },
    { apiVersion: 'tekton.dev/v1beta1', kind: 'TaskRun', metadata },
    { apiVersion: 'tekton.dev/v1', kind: '__proto__', metadata },
  ];
  for (const object of unusable) {
    it(`is undefined for ${object === undefined ? 'nothing' : JSON.stringify(object)}`, () => {
      assert.equal(summariseRun(object), undefined);
    });
  }
});
