// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { OwnWrites } from './own-writes.ts';

const RECORD = 'team-a/bake-1';

describe('OwnWrites', () => {
  let clock: ManualClock;
  let writes: OwnWrites;
  beforeEach(() => {
    clock = new ManualClock();
    writes = new OwnWrites(clock);
  });

  it('distrusts deliveries of the watch until it delivers the last write', () => {
    assert.equal(writes.mayPrecede(RECORD, '1'), false);
    writes.wrote(RECORD, '2');
    writes.wrote(RECORD, '3');
    for (const version of ['1', '2']) {
      writes.delivered(RECORD, version);
      assert.equal(writes.mayPrecede(RECORD, version), true, version);
    }
    writes.delivered(RECORD, '3');
    assert.equal(writes.mayPrecede(RECORD, '3'), false);
    assert.equal(writes.mayPrecede(RECORD, '4'), false);
  });

  it('trusts a delivery of the written version', () => {
    writes.wrote(RECORD, '3');
    assert.equal(writes.mayPrecede(RECORD, '3'), false);
    assert.equal(writes.mayPrecede('team-a/other', '1'), false);
  });

  it('forgets a write that a restarted watch never delivers', async () => {
    writes.wrote(RECORD, '3');
    await clock.advance(60_000);
    assert.equal(writes.mayPrecede(RECORD, '5'), false);
  });
});
