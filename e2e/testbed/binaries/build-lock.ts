// SPDX-License-Identifier: Apache-2.0
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from './has-code.ts';

const heartbeatSeconds = 2;
/** A holder that has not touched its lock for this long has died: suspended machines get their time, too. */
const staleSeconds = 15;

export interface LockWait {
  /** Called once, when another process holds the lock. */
  readonly onWait: () => void;
  /** True when there is nothing left to do: another holder has done it, while a later one may hold the lock for long. */
  readonly isDone: () => boolean;
}

/**
 * Runs `work` while no other process holds the lock at `path`, unless it is done before that. A holder that crashed is seen
 * by its process id or, from another machine, by its missing heartbeat.
 * Should two processes ever hold it at once, both build the same thing and the later rename wins: wasted, not wrong.
 */
export async function withBuildLock(path: string, wait: LockWait, work: () => Promise<void>): Promise<void> {
  let waiting = false;
  while (!tryAcquire(path)) {
    if (wait.isDone()) return;
    if (isStale(path)) {
      takeAway(path);
      continue;
    }
    if (!waiting) wait.onWait();
    waiting = true;
    await delay(100);
  }
  const heartbeat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // The cache was removed during the build; the build itself fails then.
    }
  }, heartbeatSeconds * 1000);
  heartbeat.unref();
  try {
    if (!wait.isDone()) await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(path, { force: true });
  }
}

function tryAcquire(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid} ${hostname()}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isStale(path: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > staleSeconds * 1000) return true;
    const [pid = '', host = ''] = readFileSync(path, 'utf8').split(' ');
    return host === hostname() && !isAlive(Number(pid));
  } catch (error) {
    // Given up between our two looks.
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

function takeAway(path: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    // A rename succeeds for one of several waiters only.
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
