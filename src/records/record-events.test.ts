// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Condition } from '../api/v1alpha1/condition.ts';
import { recordNews } from './record-events.ts';

function ready(status: Condition['status'], reason: string): Condition {
  return { type: 'Ready', status, reason, message: `because ${reason}`, lastTransitionTime: '2025-01-01T00:00:00Z' };
}

describe('recordNews', () => {
  it('tells a failure once', () => {
    const failed = ready('False', 'KeyNotFound');
    assert.deepEqual(recordNews(undefined, failed), {
      type: 'Warning',
      reason: 'KeyNotFound',
      message: 'because KeyNotFound',
    });
    assert.equal(recordNews(failed, failed), undefined);
  });

  it('tells the next failure when the reason changes', () => {
    assert.equal(
      recordNews(ready('False', 'KeyNotFound'), ready('False', 'BackendUnavailable'))?.reason,
      'BackendUnavailable',
    );
  });

  it('tells the recovery from a failure', () => {
    const news = recordNews(ready('False', 'BackendUnavailable'), ready('True', 'Stored'));
    assert.equal(news?.type, 'Normal');
    assert.match(news.message, /recovered from BackendUnavailable/);
  });

  it('is silent about a plain success and about what is on its way or intended', () => {
    assert.equal(recordNews(undefined, ready('True', 'Stored')), undefined);
    assert.equal(recordNews(ready('False', 'Progressing'), ready('True', 'Stored')), undefined);
    assert.equal(recordNews(ready('False', 'Suspended'), ready('True', 'Stored')), undefined);
    assert.equal(recordNews(undefined, ready('True', 'AuditOnly')), undefined);
    assert.equal(recordNews(undefined, ready('False', 'WaitingForChildren')), undefined);
  });
});
