// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Ends recorded process groups and removes recorded folders once this process is gone, however it went. */
export class Watchdog {
  readonly #pipe: NodeJS.WritableStream;

  private constructor(pipe: NodeJS.WritableStream) {
    this.#pipe = pipe;
  }

  static start(): Watchdog {
    const script = fileURLToPath(new URL('./watchdog-main.ts', import.meta.url));
    // Detached, so that Ctrl-C in the terminal reaches us and not the watchdog.
    const child = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'ignore', 'inherit'], cwd: '/' });
    // Without this a watchdog that died would turn the next record into an uncaught EPIPE of an unrelated test.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => {
      process.stderr.write(`testbed: no watchdog, servers may outlive a crash: ${error.message}\n`);
    });
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    return new Watchdog(child.stdin);
  }

  trackGroup(group: number): void {
    this.#pipe.write(`track\t${group}\n`);
  }

  untrackGroup(group: number): void {
    this.#pipe.write(`untrack\t${group}\n`);
  }

  trackDirectory(path: string): void {
    this.#pipe.write(`directory\t${path}\n`);
  }
}
