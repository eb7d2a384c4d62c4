// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPolicy } from '../../pipelines/read-policy.ts';
import type { PolicySnapshot } from './gather-policy.ts';
import { planPolicy } from './plan-policy.ts';
import type { SignerReport } from './signer-report.ts';

const now = new Date('2026-01-02T03:04:05Z');
const after = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const signing: SignerReport = { signsAs: 'key SHA256:abc', warnings: [], status: { keyID: 'SHA256:abc' } };
const failing = (retryAfterSeconds?: number): SignerReport => {
  const problem = { reason: 'SignerUnavailable', message: 'connection refused' } as const;
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { ...signing, status: {}, problem: { ...problem, ...retry } };
};
const witnessProblem = { reason: 'TransparencyLogUnavailable', message: 'the root cannot be read' } as const;

function snapshot(changes: Partial<PolicySnapshot> = {}): PolicySnapshot {
  const metadata = { namespace: 'team-a', name: 'builds', uid: 'u', resourceVersion: '1', generation: 2 };
  const spec = { signer: { type: 'Key', key: { secretRef: { name: 'k' } } } };
  const creationTimestamp = '2025-01-01T00:00:00Z';
  const policy = readPolicy(
    { apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy', metadata: { ...metadata, creationTimestamp }, spec },
    'hallmark-system',
  );
  assert.ok(policy !== undefined);
  const backends = [{ kind: 'StorageBackend', name: 'registry', isProbed: true }];
  const facts = { generation: 2, backends, missing: [], mode: 'Enforce', isSuspended: false } as const;
  return {
    policy,
    facts,
    report: signing,
    graceSeconds: undefined,
    annotates: false,
    retiredBefore: undefined,
    before: { conditions: [], signer: {} },
    now,
    ...changes,
  };
}

describe('planPolicy', () => {
  const { facts } = snapshot();
  const waits: readonly (readonly [string, Partial<PolicySnapshot>, number])[] = [
    ['a signer that works every five minutes', {}, 300],
    ['a signer just after its key ends', { report: { ...signing, endsAt: after(30) } }, 31],
    ['a signer whose key has ended at once', { report: { ...signing, endsAt: after(-9) } }, 1],
    ['a signer whose key ends later every five minutes', { report: { ...signing, endsAt: after(900) } }, 300],
    ['a signer that fails soon', { report: failing() }, 15],
    ['a signer that fails when its server asks for it', { report: failing(120) }, 120],
    ['a signer that fails no later than one that works', { report: failing(3600) }, 300],
    ['an invalid policy soon', { report: undefined }, 15],
    ['a trusted root that cannot be read every minute', { facts: { ...facts, witnessProblem } }, 60],
    ['a missing object at the end of its grace', { graceSeconds: 7 }, 7],
    ['an overdue object as often as the signer', { graceSeconds: 0 }, 300],
  ];
  for (const [name, changes, seconds] of waits) {
    it(`checks ${name}`, () => {
      assert.equal(planPolicy(snapshot(changes)).nextCheckSeconds, seconds);
    });
  }

  it('keeps the published signer of an invalid policy, and replaces that of a valid one', () => {
    const before = { conditions: [], signer: { keyID: 'SHA256:before' } };
    const keyID = (changes: Partial<PolicySnapshot>): unknown => {
      return Object.entries(planPolicy(snapshot({ before, ...changes })).status).find(
        ([name]) => name === 'keyID',
      )?.[1];
    };
    assert.equal(keyID({ report: undefined }), 'SHA256:before');
    assert.equal(keyID({}), 'SHA256:abc');
  });
});
