// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { StorageError } from '../../storage-error.ts';
import { RegistryPatience } from './registry-patience.ts';

const HOST = 'reg.example';

/** The seconds until the host may be tried again; 0 if it may be tried now. */
function left(patience: RegistryPatience): number {
  try {
    patience.enter(HOST, 'reading');
    return 0;
  } catch (error) {
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, 'BackendUnavailable');
    return error.retryAfterSeconds ?? -1;
  }
}

describe('patience with a registry', () => {
  it('waits before it calls a silent host again, twice as long each time and at most a minute', async () => {
    const clock = new ManualClock();
    const patience = new RegistryPatience(clock);
    assert.equal(left(patience), 0);
    for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
      patience.failed(HOST);
      assert.equal(left(patience), seconds);
      await clock.advance(seconds * 1000);
      assert.equal(left(patience), 0);
    }
  });

  it('lets one at a time try again, and all once it answers', async () => {
    const clock = new ManualClock();
    const patience = new RegistryPatience(clock);
    patience.failed(HOST);
    await clock.advance(2000);
    assert.equal(left(patience), 0);
    assert.equal(left(patience), 1);
    patience.abandoned(HOST);
    assert.equal(left(patience), 0);
    patience.answered(HOST);
    assert.deepEqual([left(patience), left(patience)], [0, 0]);
  });

  it('counts requests that failed together as one failure, and waits as long as the registry asks', () => {
    const patience = new RegistryPatience(new ManualClock());
    for (let request = 0; request < 10; request += 1) patience.failed(HOST);
    assert.equal(left(patience), 2);
    const other = new RegistryPatience(new ManualClock());
    other.failed(HOST, 17);
    assert.equal(left(other), 17);
  });
});
