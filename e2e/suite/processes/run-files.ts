// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { TestProcesses, type TimeLimits } from './test-processes.ts';

export interface RunOptions {
  readonly root: string;
  /** Processes at one time. */
  readonly jobs: number;
  readonly limits: TimeLimits;
  /** Ends the files that run. */
  readonly signal: AbortSignal;
}

export interface FilesOutcome {
  readonly isPassed: boolean;
  /** Seconds that each file took, by its path from the top. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** Runs groups of test files in this order, each group in a process of its own, and prints what node:test prints. */
export async function runFiles(groups: readonly (readonly string[])[], options: RunOptions): Promise<FilesOutcome> {
  const { root, jobs, limits, signal } = options;
  const folder = mkdtempSync(join(tmpdir(), 'hallmark-test-processes-'));
  const processes = new TestProcesses(folder, { root, groups, limits });
  try {
    const seconds = new Map<string, number>();
    const failures: string[] = [];
    const timeout = limits.testSeconds * 1000;
    const stream = run({ files: [...processes.entries], concurrency: jobs, timeout, signal });
    stream.on('test:fail', ({ name, todo }) => {
      if (todo === undefined || todo === false) failures.push(name);
      processes.failed(name);
    });
    stream.on('test:complete', ({ name, nesting, details }) => {
      if (nesting === 0 && processes.files.has(name)) seconds.set(name, details.duration_ms / 1000);
    });
    await pipeline(stream, new spec(), async (texts: AsyncIterable<unknown>) => {
      for await (const text of texts) process.stdout.write(String(text));
    });
    for (const line of processes.deaths) console.log(line);
    const areAllDone = seconds.size === processes.files.size;
    return { isPassed: failures.length === 0 && areAllDone && !signal.aborted, seconds };
  } finally {
    processes.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
