// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { currentTenant, onBehalfOf } from './tenant.ts';

describe('onBehalfOf', () => {
  it('has all that the work awaits find its tenant, and nothing else', async () => {
    const seen = async (): Promise<string> => {
      await nextTurn();
      return currentTenant();
    };
    const all = Promise.all([onBehalfOf('team-a', seen), onBehalfOf('team-b', seen), seen()]);
    assert.equal(currentTenant(), '');
    assert.deepEqual(await all, ['team-a', 'team-b', '']);
  });
});
