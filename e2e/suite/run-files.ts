// SPDX-License-Identifier: Apache-2.0
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

export interface RunOptions {
  readonly root: string;
  /** Files at one time. */
  readonly jobs: number;
  /** Ends the files that run. */
  readonly signal: AbortSignal;
}

export interface FilesOutcome {
  readonly isPassed: boolean;
  /** Seconds that each file took, by its path from the top. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** A file that takes longer than this has hung. */
const timeoutMilliseconds = 1_200_000;

/** Runs test files in this order, each in a process of its own, and prints what node:test prints. */
export async function runFiles(files: readonly string[], { root, jobs, signal }: RunOptions): Promise<FilesOutcome> {
  const seconds = new Map<string, number>();
  const failures: string[] = [];
  const paths = files.map((file) => join(root, file));
  const stream = run({ files: paths, concurrency: jobs, timeout: timeoutMilliseconds, signal });
  stream.on('test:fail', ({ name, todo }) => {
    if (todo === undefined || todo === false) failures.push(name);
  });
  stream.on('test:summary', ({ file, duration_ms: milliseconds }) => {
    if (file !== undefined) seconds.set(relative(root, file), milliseconds / 1000);
  });
  await pipeline(stream, new spec(), async (texts: AsyncIterable<unknown>) => {
    for await (const text of texts) process.stdout.write(String(text));
  });
  return { isPassed: failures.length === 0 && !signal.aborted, seconds };
}
