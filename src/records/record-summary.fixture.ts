// SPDX-License-Identifier: Apache-2.0
import type { RecordSummary } from './record-summary.ts';

/** What the index keeps of a record that is signed and not stored yet, with what a test wants otherwise. */
export function recordSummary(given: Partial<RecordSummary> = {}): RecordSummary {
  const { key = 'team-a/bake' } = given;
  const [namespace = '', name = ''] = key.split('/');
  return {
    key,
    uid: `uid-of-${key}`,
    resourceVersion: '1',
    isTrusted: true,
    runUID: `run-of-${key}`,
    runKey: `TaskRun/${namespace}/${name}/run-of-${key}`,
    policy: { kind: 'SigningPolicy', namespace, name: 'builds' },
    retained: { completionTime: '2026-01-01T00:00:00Z' },
    needsRun: false,
    isSettled: false,
    isHeld: false,
    unverifiedCount: 0,
    annotatesRun: false,
    reason: 'Progressing',
    ...given,
  };
}

/** The same of a record that nothing but retirement is left to do for. */
export function settledSummary(given: Partial<RecordSummary> = {}): RecordSummary {
  return recordSummary({ isSettled: true, isHeld: true, reason: 'Stored', ...given });
}
