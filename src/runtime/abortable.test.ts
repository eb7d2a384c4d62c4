// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { abortable } from './abortable.ts';

const over = new Error('over');

describe('abortable', () => {
  it('gives what the promise gives, or fails as it does', async () => {
    const { signal } = new AbortController();
    assert.equal(await abortable(Promise.resolve(1), signal), 1);
    await assert.rejects(abortable(Promise.reject(over), signal), over);
  });

  it('fails with the reason of a signal that aborts before', async () => {
    const aborting = new AbortController();
    const waiting = abortable(new Promise<never>(() => undefined), aborting.signal);
    aborting.abort(over);
    await assert.rejects(waiting, over);
  });

  it('gives nothing under a signal that has aborted, and handles what fails later', async () => {
    await assert.rejects(abortable(Promise.resolve(1), AbortSignal.abort(over)), over);
    await assert.rejects(abortable(Promise.reject(new Error('late')), AbortSignal.abort(over)), over);
  });
});
