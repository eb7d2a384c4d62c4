// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something else than work that a test spends its time on. */
export type Activity = 'starting' | 'waiting';

/** The time that a test file spent, in seconds. */
export interface SpentTime {
  readonly file: string;
  readonly seconds: number;
  /** Until servers were ready. */
  readonly starting: number;
  /** Until a condition held, but for servers that started. */
  readonly waiting: number;
  /** Processor time of its process and of children that ended. */
  readonly cpu: number;
}

const running = { starting: 0, waiting: 0 };
const spentMilliseconds = { starting: 0, waiting: 0 };
let since = performance.now();

/** Counts the time until `work` ends as spent on this activity; what overlaps counts once, starting before waiting. */
export async function measured<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
  change(activity, 1);
  try {
    return await work();
  } finally {
    change(activity, -1);
  }
}

function change(activity: Activity, by: 1 | -1): void {
  const now = performance.now();
  if (running.starting > 0) spentMilliseconds.starting += now - since;
  else if (running.waiting > 0) spentMilliseconds.waiting += now - since;
  since = now;
  running[activity] += by;
}

const folder = process.env.HALLMARK_TEST_TIMES;
let files = 0;
let before = totals();

/** Writes what was spent since the last file, or since the process began, for a table; nothing where none is wanted. */
export function writeSpentTime(file: string): void {
  const now = totals();
  const spent: SpentTime = {
    file,
    seconds: now.seconds - before.seconds,
    starting: now.starting - before.starting,
    waiting: now.waiting - before.waiting,
    cpu: now.cpu - before.cpu,
  };
  before = now;
  files += 1;
  if (folder === undefined || folder === '') return;
  writeFileSync(join(folder, `${process.pid}-${files}.json`), JSON.stringify(spent));
}

/** The time that this process has spent so far. */
function totals(): Omit<SpentTime, 'file'> {
  const { user, system } = process.cpuUsage();
  return {
    seconds: process.uptime(),
    starting: spentMilliseconds.starting / 1000,
    waiting: spentMilliseconds.waiting / 1000,
    cpu: (user + system) / 1_000_000 + childSeconds(),
  };
}

/** The processor time of children that have ended; 0 where no `/proc` tells. */
function childSeconds(): number {
  try {
    // The name of the command, in parentheses, may hold spaces. Times count in hundredths of a second.
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}
