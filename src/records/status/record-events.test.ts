// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition } from '../../api/v1alpha1/condition.ts';
import { readyEvent } from './record-events.ts';

function ready(status: Condition['status'], reason: string): Condition {
  return { type: 'Ready', status, reason, message: `because ${reason}`, lastTransitionTime: '2025-01-01T00:00:00Z' };
}

describe('readyEvent', () => {
  it('reports a failure once', () => {
    const failed = ready('False', 'KeyNotFound');
    assert.deepEqual(readyEvent(undefined, failed), {
      type: 'Warning',
      reason: 'KeyNotFound',
      message: 'because KeyNotFound',
    });
    assert.equal(readyEvent(failed, failed), undefined);
  });

  it('reports the next failure when the reason changes', () => {
    assert.equal(
      readyEvent(ready('False', 'KeyNotFound'), ready('False', 'BackendUnavailable'))?.reason,
      'BackendUnavailable',
    );
  });

  it('reports the recovery from a failure', () => {
    const event = readyEvent(ready('False', 'BackendUnavailable'), ready('True', 'Stored'));
    assert.equal(event?.type, 'Normal');
    assert.match(event.message, /recovered from BackendUnavailable/);
  });

  it('is silent about a plain success and about passing or intended states', () => {
    assert.equal(readyEvent(undefined, ready('True', 'Stored')), undefined);
    assert.equal(readyEvent(ready('False', 'Progressing'), ready('True', 'Stored')), undefined);
    assert.equal(readyEvent(ready('False', 'Suspended'), ready('True', 'Stored')), undefined);
    assert.equal(readyEvent(undefined, ready('True', 'AuditOnly')), undefined);
    assert.equal(readyEvent(undefined, ready('False', 'WaitingForChildren')), undefined);
  });
});
