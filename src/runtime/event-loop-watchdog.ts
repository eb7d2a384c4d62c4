// SPDX-License-Identifier: Apache-2.0
import type { writeSync } from 'node:fs';
import { SHARE_ENV, Worker } from 'node:worker_threads';

export interface EventLoopWatchdogOptions {
  /** The process ends when its event loop served no timer for so long. */
  readonly limitMs: number;
  /** Fields of the log line that says so. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** The limit is counted in so many parts of the thread's own time: a process that was suspended is not taken for a blocked one. */
const PARTS = 15;
/** Heartbeats in each part. */
const BEATS = 2;
/** The thread waits and adds; its heap holds little more than Node.js itself. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

interface Watched {
  readonly beats: Int32Array;
  readonly parts: number;
  readonly partMs: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/**
 * A thread that ends the process when the event loop is blocked for too long: a process that serves no timer renews no Lease, answers no
 * probe and heeds no signal, so nothing in the loop could end it. It ends by SIGKILL, after a line in the log that says why.
 */
export class EventLoopWatchdog {
  readonly #worker: Worker;
  readonly #heart: NodeJS.Timeout;
  #problem: string | undefined;

  constructor({ limitMs, fields = {} }: EventLoopWatchdogOptions) {
    const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const partMs = limitMs / PARTS;
    const message = 'the event loop is blocked: the process ends';
    const workerData: Watched = { beats, parts: PARTS, partMs, message, fields: { ...fields, blockedMs: limitMs } };
    // The source of one function: a file of its own would load the TypeScript compiler into the thread, which doubles its memory.
    const source = `(${watch.toString()})(require('node:worker_threads').workerData, require('node:fs').writeSync)`;
    this.#worker = new Worker(source, {
      eval: true,
      workerData,
      resourceLimits: RESOURCE_LIMITS,
      env: SHARE_ENV,
      // Flags of the process may say that source text is a module, or how large a heap is.
      execArgv: [],
      name: 'event-loop-watchdog',
    });
    this.#worker.on('error', (error) => {
      this.#problem = `the watchdog of the event loop ended: ${String(error)}`;
    });
    this.#worker.unref();
    this.#heart = setInterval(() => {
      Atomics.add(beats, 0, 1);
      Atomics.notify(beats, 0);
    }, partMs / BEATS).unref();
  }

  /** The reason why the event loop is not watched, for `/livez`; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Stops watching. */
  async stop(): Promise<void> {
    clearInterval(this.#heart);
    await this.#worker.terminate();
  }
}

/** Runs in the thread, from its source: it may use its parameters and globals only. */
function watch({ beats, parts, partMs, message, fields }: Watched, write: typeof writeSync): void {
  let missed = 0;
  while (missed < parts) {
    const seen = Atomics.load(beats, 0);
    missed = Atomics.wait(beats, 0, seen, partMs) === 'timed-out' ? missed + 1 : 0;
  }
  try {
    const line = { time: new Date().toISOString(), level: 'error', message, ...fields };
    write(1, `${JSON.stringify(line)}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}
