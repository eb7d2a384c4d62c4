// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';

export interface ScriptOutcome {
  readonly isPassed: boolean;
  /** All that it printed, when that was held back. */
  readonly output: string;
}

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

  /** Runs a script of the checkout with this Node; its output goes to the terminal, or is given back when it is held back. */
  async node(args: readonly string[], { isHeldBack = false } = {}): Promise<ScriptOutcome> {
    if (this.signal.aborted) return { isPassed: false, output: '' };
    const { promise, resolve } = Promise.withResolvers<ScriptOutcome>();
    const outlet = isHeldBack ? 'pipe' : 'inherit';
    const child = spawn(process.execPath, args, { cwd: this.#root, stdio: ['inherit', outlet, outlet] });
    this.#running.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', (error) => {
      console.error(error.message);
      resolve({ isPassed: false, output });
    });
    child.once('close', (code) => {
      this.#running.delete(child);
      resolve({ isPassed: code === 0, output });
    });
    return promise;
  }
}
