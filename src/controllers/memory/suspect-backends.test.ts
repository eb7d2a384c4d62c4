// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { SuspectBackends } from './suspect-backends.ts';

const registry = { kind: 'StorageBackend', namespace: 'team-a', name: 'registry' } as const;
const archive = { kind: 'ClusterStorageBackend', namespace: 'hallmark-system', name: 'archive' } as const;

describe('SuspectBackends', () => {
  it('probes a backend once however many runs fail on it, and again after a while', async () => {
    const clock = new ManualClock();
    const suspects = new SuspectBackends(clock);
    const probed: string[] = [];
    suspects.onSuspect((key) => probed.push(key));
    for (let failures = 0; failures < 1000; failures += 1) suspects.add(registry);
    assert.deepEqual(probed, ['StorageBackend/team-a/registry']);
    await clock.advance(10_000);
    suspects.add(registry);
    assert.equal(probed.length, 2);
  });

  it('names a cluster backend as its controller does', () => {
    const suspects = new SuspectBackends(new ManualClock());
    const probed: string[] = [];
    suspects.onSuspect((key) => probed.push(key));
    suspects.add(archive);
    assert.deepEqual(probed, ['ClusterStorageBackend//archive']);
  });

  it('forgets a backend that is gone', () => {
    const suspects = new SuspectBackends(new ManualClock());
    const probed: string[] = [];
    suspects.onSuspect((key) => probed.push(key));
    suspects.add(registry);
    suspects.forget('StorageBackend/team-a/registry');
    suspects.add(registry);
    assert.equal(probed.length, 2);
  });
});
