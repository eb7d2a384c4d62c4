// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';

/** The programs of the suite that are no tests, and its end by a signal. */
export class ChildProcesses {
  readonly #root: string;
  readonly #running = new Set<ChildProcess>();
  readonly #end = new AbortController();

  constructor(root: string) {
    this.#root = root;
    // A terminal tells all of them; a signal to this process alone ends what it started, too.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        this.#end.abort();
        for (const child of this.#running) child.kill(signal);
      });
    }
  }

  /** Aborts when this process is asked to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Runs a script of the checkout with this Node; resolves with whether it ended with 0. */
  async node(...args: readonly string[]): Promise<boolean> {
    if (this.signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const child = spawn(process.execPath, args, { cwd: this.#root, stdio: 'inherit' });
    this.#running.add(child);
    child.once('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.once('exit', (code) => {
      this.#running.delete(child);
      resolve(code === 0);
    });
    return promise;
  }
}
