// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectLocations } from './collect-locations.ts';
import { StorageError } from './storage-error.ts';

const one = { uri: 'mem://one' };

describe('collectLocations', () => {
  it('lists the locations that were written', async () => {
    const locations = await collectLocations((places) => {
      places.push(one);
      return Promise.resolve();
    });
    assert.deepEqual(locations, [one]);
  });

  it('gives a failure the places that were written before it, and keeps all else of it', async () => {
    const cause = new Error('below');
    const failure = new StorageError('BackendRejected', 'no', { cause, retryAfterSeconds: 3 });
    const work = collectLocations((places) => {
      places.push(one);
      return Promise.reject(failure);
    });
    const error: unknown = await work.catch((reason: unknown) => reason);
    assert.ok(error instanceof StorageError);
    assert.deepEqual(error.locations, [one]);
    assert.deepEqual(
      [error.reason, error.message, error.cause, error.retryAfterSeconds],
      ['BackendRejected', 'no', cause, 3],
    );
  });

  it('lets everything else through', async () => {
    const stop = new Error('stopped');
    await assert.rejects(
      collectLocations(() => Promise.reject(stop)),
      stop,
    );
  });
});
