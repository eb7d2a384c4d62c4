// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';

/** Time between two readings of a signer's metrics. Each costs it some milliseconds of CPU, which count as its own. */
export const METRICS_INTERVAL_MS = 500;

/** The process of the testbed whose command line holds both words. */
export function pidOf(program: string, directory: string): number {
  const found = readdirSync('/proc').find((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const commandLine = readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      return commandLine.split('\0')[0]?.endsWith(program) === true && commandLine.includes(directory);
    } catch {
      return false; // it ended while we looked
    }
  });
  if (found === undefined) throw new Error(`no ${program} runs on ${directory}`);
  return Number(found);
}

/** A script that, in the spec and again in the status, makes a run of 8 kB. */
export const STEP_SCRIPT = 'echo "a step of the build that this run was"\n'.repeat(70);
