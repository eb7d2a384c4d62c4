// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { exponentialBackoff } from '../../../runtime/queue/backoff.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { Attempts } from '../../memory/records/attempts.ts';
import { areWitnessesDue, noteWitnesses, secondsUntilWitnesses } from './witness-turns.ts';

const clock = new ManualClock();
let attempts: Attempts;
beforeEach(() => {
  attempts = new Attempts(clock, exponentialBackoff({ minMs: 10_000, maxMs: 60_000, jitter: 0 }));
});

const time = '2026-01-01T00:00:00Z';

function record(name: string, policyName = 'builds') {
  const spec = {
    runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name, uid: name },
    policyRef: { kind: 'SigningPolicy', name: policyName },
    outcome: 'Succeeded',
    completionTime: time,
    mode: 'Enforce',
    serviceAccountName: 'default',
  } as const;
  const metadata = { namespace: 'a', name, uid: name, resourceVersion: '1', generation: 1, creationTimestamp: time };
  const object = { apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord', metadata, spec } as const;
  return { object, policy: { kind: 'SigningPolicy', namespace: 'a', name: policyName } } as const;
}

const hung = { hasFailed: true, tookMs: 30_000 };
const refused = { hasFailed: true, tookMs: 20 };
const answered = { hasFailed: false, tookMs: 20 };

describe('witnesses that fail', () => {
  it('quickly are asked by other records, each with a back-off of its own', () => {
    noteWitnesses(attempts, record('one'), refused);
    assert.equal(areWitnessesDue(attempts, record('one')), false);
    assert.equal(secondsUntilWitnesses(attempts, record('one')), 10);
    assert.equal(areWitnessesDue(attempts, record('two')), true);
  });

  it('slowly are left alone by all records of the policy, and by no others', async () => {
    noteWitnesses(attempts, record('one'), hung);
    assert.equal(areWitnessesDue(attempts, record('two')), false);
    assert.equal(secondsUntilWitnesses(attempts, record('two')), 10);
    assert.equal(areWitnessesDue(attempts, record('three', 'others')), true);
    await clock.advance(10_000);
    assert.equal(areWitnessesDue(attempts, record('two')), true);
  });

  it('for many records at the same time count once', async () => {
    for (const name of ['one', 'two', 'three', 'four']) noteWitnesses(attempts, record(name), hung);
    await clock.advance(10_000);
    assert.equal(areWitnessesDue(attempts, record('five')), true);
  });

  it('are asked by all records once they have answered', async () => {
    noteWitnesses(attempts, record('one'), hung);
    await clock.advance(10_000);
    noteWitnesses(attempts, record('one'), hung);
    noteWitnesses(attempts, record('two'), answered);
    assert.equal(areWitnessesDue(attempts, record('three')), true);
  });
});
