// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Below the ports that operating systems give to outgoing connections: a client that dials a server which is down could
 * otherwise be given that very port, connect to itself, and keep the server from coming back.
 */
const range = { from: 20_000, to: 32_000 } as const;
const attempts = 100;

/** A file a port that a living process of a testbed has taken: several testbeds run at once, and a port is free until it is listened on. */
const folder = join(tmpdir(), 'hallmark-ports');
const taken = new Set<string>();

/** A TCP port of 127.0.0.1 that nothing listens on, and that no other testbed is given while this process lives. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(range.from, range.to);
    if (reserve(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port of 127.0.0.1 found among ${range.from} to ${range.to} in ${attempts} attempts`);
}

function reserve(port: number): boolean {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, String(port));
  if (taken.has(file) || isTaken(file)) return false;
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    return false;
  }
  if (taken.size === 0) process.once('exit', giveUp);
  taken.add(file);
  return true;
}

/** A reservation of a process that is gone does not count, and is removed. */
function isTaken(file: string): boolean {
  let pid: number;
  try {
    pid = Number(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    rmSync(file, { force: true });
    return false;
  }
}

function giveUp(): void {
  for (const file of taken) rmSync(file, { force: true });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
