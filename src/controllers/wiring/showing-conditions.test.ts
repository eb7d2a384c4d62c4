// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { ShownConditions } from '../memory/shown-conditions.ts';
import { showingConditions } from './showing-conditions.ts';

const time = '2026-01-01T00:00:00Z';
const condition = (type: string, status: string) => ({
  ...{ type, status, reason: 'r', message: 'm' },
  lastTransitionTime: time,
});

describe('a handler that shows conditions', () => {
  it('notes those of the status with the end of the active key, hands on what it is given, and forgets', () => {
    const conditions = new ShownConditions(new ManualClock());
    const handed: string[] = [];
    const handler = showingConditions(conditions, 'SigningPolicy', {
      upsert: (key) => handed.push(`upsert ${key}`),
      remove: (key) => handed.push(`remove ${key}`),
      synced: () => handed.push('synced'),
    });
    const shown = () => conditions.show(() => true).objects;
    const name = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' };
    handler.upsert('team-a/builds', {}, 'List');
    assert.deepEqual(shown(), [{ ...name, ready: 'Unknown', isStalled: false, notAfterSeconds: undefined }]);
    const verificationKeys = [
      { keyID: 'old', state: 'Retired', notAfter: time },
      { keyID: 'k', state: 'Active', notAfter: '1970-01-02T00:00:00Z' },
    ];
    const status = { conditions: [condition('Ready', 'False'), condition('Stalled', 'True')], verificationKeys };
    handler.upsert('team-a/builds', { status }, 'Event');
    assert.deepEqual(shown(), [{ ...name, ready: 'False', isStalled: true, notAfterSeconds: 86_400 }]);
    handler.remove('team-a/builds', undefined, 'u');
    handler.synced();
    assert.deepEqual(shown(), []);
    assert.deepEqual(handed, ['upsert team-a/builds', 'upsert team-a/builds', 'remove team-a/builds', 'synced']);
  });
});
