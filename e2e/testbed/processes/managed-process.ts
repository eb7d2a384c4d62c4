// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { signalGroup } from './signal-group.ts';
import { measured } from './measured.ts';
import { GaveUp, waitUntil, type WaitOptions } from './wait-until.ts';
import type { Watchdog } from './watchdog.ts';

export interface ProcessSpec {
  /** Names the log file; a second process of the same name appends to it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** On top of PATH, HOME and TMPDIR of the testbed; nothing else of the user's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Grace period of `stop`; 10 seconds by default. 0 for servers whose data is thrown away. */
  readonly graceSeconds?: number;
}

/** The exit status of a process. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Long, as a crash is seen at once and a busy machine is slow. */
const startSeconds = 180;

/** A server in a process group of its own, with its output in a log file. */
export class ManagedProcess {
  readonly name: string;
  readonly logPath: string;
  readonly pid: number;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #child: ChildProcess;
  readonly #graceSeconds: number;
  #exit: ExitStatus | undefined;

  constructor(spec: ProcessSpec, logPath: string, env: NodeJS.ProcessEnv, watchdog: Watchdog) {
    this.name = spec.name;
    this.#graceSeconds = spec.graceSeconds ?? 10;
    this.logPath = logPath;
    const log = openSync(logPath, 'a');
    try {
      this.#child = spawn(spec.command, spec.args, {
        detached: true,
        stdio: ['ignore', log, log],
        env,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      });
    } finally {
      closeSync(log);
    }
    const pid = this.#child.pid ?? 0;
    this.pid = pid;
    if (pid !== 0) watchdog.trackGroup(pid);
    // A forgotten stop() must not keep the test run alive: the watchdog ends what is left.
    this.#child.unref();
    this.exited = new Promise((resolve) => {
      const end = (exit: ExitStatus): void => {
        this.#exit = exit;
        // Kill what the server left in its process group before the id can be reused.
        if (pid !== 0) {
          signalGroup(pid, 'SIGKILL');
          watchdog.untrackGroup(pid);
        }
        resolve(exit);
      };
      this.#child.once('exit', (code, signal) => {
        end({ code, signal });
      });
      this.#child.once('error', () => {
        end({ code: 127, signal: null });
      });
    });
  }

  /** The exit status, or `undefined` while the process runs. */
  get exit(): ExitStatus | undefined {
    return this.#exit;
  }

  /** Sends a signal to the whole process group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) signalGroup(this.pid, signal);
  }

  /** Ends the group: SIGTERM, and SIGKILL after the grace period (0 kills at once). */
  async stop(graceSeconds = this.#graceSeconds): Promise<ExitStatus> {
    this.#child.ref();
    this.signal(graceSeconds > 0 ? 'SIGTERM' : 'SIGKILL');
    const patience = new AbortController();
    const killer = delay(graceSeconds * 1000, undefined, { signal: patience.signal }).then(
      () => {
        this.signal('SIGKILL');
      },
      () => undefined,
    );
    const exit = await this.exited;
    patience.abort();
    await killer;
    return exit;
  }

  /** Waits until `probe` succeeds, and fails at once, with the end of the log, when the process ends before that. */
  async untilReady(probe: () => boolean | Promise<boolean>, options: WaitOptions = {}): Promise<void> {
    const check = async (): Promise<boolean> => {
      if (this.#exit === undefined) return probe();
      throw new GaveUp(
        `${this.name} ended with ${describeExit(this.#exit)} before it was ready; its log ends with\n${this.logTail()}`,
      );
    };
    try {
      const ready = (): Promise<boolean> =>
        waitUntil(`${this.name} is ready`, check, { timeoutSeconds: startSeconds, ...options });
      await measured('starting', ready);
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      throw new Error(`${this.name} did not become ready; its log ends with\n${this.logTail()}`, { cause: error });
    }
  }

  /** The last lines of the log. */
  logTail(lines = 30): string {
    return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}

function describeExit(exit: ExitStatus): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : exit.signal;
}
