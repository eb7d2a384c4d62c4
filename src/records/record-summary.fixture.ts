// SPDX-License-Identifier: Apache-2.0
import type { RecordSummary } from './record-summary.ts';
import { runKey } from '../tekton/run-key.ts';

/** The summary of a record that is signed and not stored yet, with the given differences. */
export function recordSummary(given: Partial<RecordSummary> = {}): RecordSummary {
  const { key = 'team-a/bake' } = given;
  const [namespace = '', name = ''] = key.split('/');
  const runUID = `run-of-${namespace}-${name}`;
  return {
    key,
    uid: `uid-of-${key}`,
    resourceVersion: '1',
    isTrusted: true,
    runUID,
    runKey: runKey({ kind: 'TaskRun', namespace, name, uid: runUID }),
    policy: { kind: 'SigningPolicy', namespace, name: 'builds' },
    retained: { completionTime: '2026-01-01T00:00:00Z' },
    needsRun: false,
    isSettled: false,
    isHeld: false,
    unverifiedCount: 0,
    annotatesRun: false,
    lacksAnnotation: false,
    sizeBytes: 5000,
    reason: 'Progressing',
    ...given,
  };
}

/** The summary of a record that only awaits its retirement. */
export function settledSummary(given: Partial<RecordSummary> = {}): RecordSummary {
  return recordSummary({ isSettled: true, isHeld: true, reason: 'Stored', ...given });
}
