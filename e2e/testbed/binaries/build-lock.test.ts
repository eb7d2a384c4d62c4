// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { withBuildLock } from './build-lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'hallmark-build-lock-'));
const path = join(directory, 'lock');
const noWait = (): void => assert.fail('it should not have waited');
/** No process has an id this high: Linux ends at 2^22. */
const deadProcess = 2 ** 30;

describe('the build lock', () => {
  beforeEach(() => {
    rmSync(path, { force: true });
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  it('lets one in at a time, and tells who waits', async () => {
    let inside = 0;
    let waited = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      assert.equal(inside, 1);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withBuildLock(path, () => (waited += 1), work)));
    assert.equal(waited, 2);
    assert.equal(existsSync(path), false);
  });

  it('is given up when the work fails', async () => {
    await assert.rejects(
      withBuildLock(path, noWait, () => Promise.reject(new Error('no compiler'))),
      /no compiler/,
    );
    assert.equal(await withBuildLock(path, noWait, () => Promise.resolve('in')), 'in');
  });

  it('is taken at once from a process of this machine that is gone', async () => {
    writeFileSync(path, `${deadProcess} ${hostname()}`);
    assert.equal(await withBuildLock(path, noWait, () => Promise.resolve('in')), 'in');
  });

  it('is taken from a holder elsewhere that has not touched it for long', async () => {
    writeFileSync(path, `${deadProcess} another-machine`);
    const aMinuteAgo = new Date(Date.now() - 60_000);
    utimesSync(path, aMinuteAgo, aMinuteAgo);
    assert.equal(await withBuildLock(path, noWait, () => Promise.resolve('in')), 'in');
  });

  it('is left to a holder elsewhere that touched it just now', async () => {
    writeFileSync(path, `${deadProcess} another-machine`);
    const gaveUp = withBuildLock(
      path,
      () => {
        rmSync(path);
      },
      () => Promise.resolve('in after it was given up'),
    );
    assert.equal(await gaveUp, 'in after it was given up');
  });
});
