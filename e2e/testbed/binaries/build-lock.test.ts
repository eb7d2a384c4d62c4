// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { withBuildLock, type LockWait } from './build-lock.ts';

const directory = mkdtempSync(join(tmpdir(), 'hallmark-build-lock-'));
const path = join(directory, 'lock');
const noWait = { onWait: (): void => assert.fail('it should not have waited'), isDone: () => false };
/** No process has an id this high: Linux ends at 2^22. */
const deadProcess = 2 ** 30;

/** Tells whether the work was begun. */
async function isIn(wait: LockWait): Promise<boolean> {
  let begun = false;
  await withBuildLock(path, wait, () => {
    begun = true;
    return Promise.resolve();
  });
  return begun;
}

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
    const wait = { onWait: (): unknown => (waited += 1), isDone: () => false };
    await Promise.all([1, 2, 3].map(() => withBuildLock(path, wait, work)));
    assert.equal(waited, 2);
    assert.equal(existsSync(path), false);
  });

  it('is given up when the work fails', async () => {
    await assert.rejects(
      withBuildLock(path, noWait, () => Promise.reject(new Error('no compiler'))),
      /no compiler/,
    );
    assert.ok(await isIn(noWait));
  });

  it('is taken at once from a process of this machine that is gone', async () => {
    writeFileSync(path, `${deadProcess} ${hostname()}`);
    assert.ok(await isIn(noWait));
  });

  it('is taken from a holder elsewhere that has not touched it for long', async () => {
    writeFileSync(path, `${deadProcess} another-machine`);
    const aMinuteAgo = new Date(Date.now() - 60_000);
    utimesSync(path, aMinuteAgo, aMinuteAgo);
    assert.ok(await isIn(noWait));
  });

  it('is left to a holder elsewhere that touched it just now', async () => {
    writeFileSync(path, `${deadProcess} another-machine`);
    const onWait = (): void => {
      rmSync(path);
    };
    assert.ok(await isIn({ onWait, isDone: () => false }), 'in after it was given up');
  });

  it('is not waited for once the work is done, whoever holds it', async () => {
    writeFileSync(path, `${process.pid} ${hostname()}`);
    let isDone = false;
    const onWait = (): void => {
      isDone = true;
    };
    assert.equal(await isIn({ onWait, isDone: () => isDone }), false);
    assert.ok(existsSync(path), 'it is left to its holder');
  });
});
