// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, the same on every Linux that Node runs on (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** The resources that a process has used, from Linux' /proc. */
export interface ProcessUsage {
  /** The most memory it ever had resident. */
  readonly peakResidentBytes: number;
  readonly residentBytes: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  /** The time that its main thread was ready to run and other work had the CPUs; 0 where the kernel does not count it. */
  readonly waitedForCpuMs: number;
}

/** Reads it now. Throws when there is no such process. */
export function processUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string): number => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`/proc/${pid}/status states no ${field}`);
    return Number(kibibytes) * 1024;
  };
  // The command's name, in parentheses, may hold spaces.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return {
    peakResidentBytes: bytes('VmHWM'),
    residentBytes: bytes('VmRSS'),
    cpuSeconds: (user + system) / TICKS_PER_SECOND,
    waitedForCpuMs: waitedForCpuMs(pid),
  };
}

/** From the second of three numbers, in nanoseconds (the kernel's documentation, scheduler/sched-stats). */
function waitedForCpuMs(pid: number): number {
  const path = `/proc/${pid}/schedstat`;
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split(' ')[1]) / 1e6 : 0;
}
