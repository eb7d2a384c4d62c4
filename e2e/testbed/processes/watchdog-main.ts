// SPDX-License-Identifier: Apache-2.0
// The process that outlives a testbed: when the pipe from its parent closes, for whatever reason (`kill -9` too), it
// ends the process groups that are still recorded and removes the temporary folders.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { keepMarker } from './keep-marker.ts';
import { signalGroup } from './signal-group.ts';

const graceSeconds = 5;
const groups = new Set<number>();
const directories = new Set<string>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) obey(line);
await endGroups();
for (const directory of directories) removeDirectory(directory);

function obey(line: string): void {
  const [verb, argument = ''] = line.split('\t');
  if (verb === 'track') groups.add(Number(argument));
  else if (verb === 'untrack') groups.delete(Number(argument));
  else if (verb === 'directory') directories.add(argument);
}

async function endGroups(): Promise<void> {
  // The newest first: a server is ended before what it stands on.
  const newestFirst = [...groups].reverse();
  for (const group of newestFirst) signalGroup(group, 'SIGTERM');
  const deadline = Date.now() + graceSeconds * 1000;
  while (Date.now() < deadline && newestFirst.some((group) => signalGroup(group, 0))) await delay(50);
  for (const group of newestFirst) signalGroup(group, 'SIGKILL');
}

function removeDirectory(directory: string): void {
  const kept = existsSync(join(directory, keepMarker));
  rmSync(kept ? join(directory, 'data') : directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
