// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { numberField } from '../../src/json/fields.ts';

/** A whole process, from its start to its end. */
export interface MeasuredCommand {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** The most memory that was resident, in MiB. */
  readonly peakMiB: number;
}

/** Makes a process report its own resources at its end. */
const REPORT = `process.on('exit', () => process.getBuiltinModule('fs').writeSync(3, JSON.stringify(process.resourceUsage())))`;

/** Runs Node with these words. Its output is read and dropped. */
export async function measuredCommand(words: readonly string[]): Promise<MeasuredCommand> {
  const began = performance.now();
  const preload = `--import=data:text/javascript,${encodeURIComponent(REPORT)}`;
  const child = spawn(process.execPath, [preload, ...words], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  child.stdout?.resume();
  const report = child.stdio[3];
  if (!(report instanceof Readable)) throw new Error('a process has no pipe for its report');
  const closed: Promise<unknown[]> = once(child, 'close');
  const [usage, [code]] = await Promise.all([text(report), closed]);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}`);
  const wallSeconds = (performance.now() - began) / 1000;
  const resources: unknown = JSON.parse(usage);
  const figure = (name: string): number => numberField(resources, name) ?? 0;
  const cpuSeconds = (figure('userCPUTime') + figure('systemCPUTime')) / 1e6;
  return { wallSeconds, cpuSeconds, peakMiB: figure('maxRSS') / 1024 };
}

/** Runs a command several times, after once to fill caches, and returns the median of each figure. */
export async function medianCommand(words: readonly string[], times: number): Promise<MeasuredCommand> {
  await measuredCommand(words);
  const runs: MeasuredCommand[] = [];
  for (let run = 0; run < times; run++) runs.push(await measuredCommand(words));
  const median = (figure: keyof MeasuredCommand): number => {
    const sorted = runs.map((measured) => measured[figure]).sort((one, other) => one - other);
    return sorted[Math.floor(times / 2)] ?? 0;
  };
  return { wallSeconds: median('wallSeconds'), cpuSeconds: median('cpuSeconds'), peakMiB: median('peakMiB') };
}
