// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCache } from './compile-cache.ts';
import { keepMarker } from './keep-marker.ts';
import { ManagedProcess, type ProcessSpec } from './managed-process.ts';
import { sharedWatchdog } from './shared-watchdog.ts';

/** Go's servers and commands live for minutes and hold little: collecting less often saves a third of an API server's time. */
const garbageCollection = '300';

/** All supervisors of this process: their logs are kept or not when it ends, after they have stopped. */
const supervisors = new Set<Supervisor>();

function keepLogsAtExit(code: number): void {
  if (code === 0 && process.env.HALLMARK_TESTBED_KEEP_LOGS === undefined) return;
  for (const supervisor of supervisors) supervisor.keepLogs();
}

/**
 * Owns the servers of one testbed and their temporary folder. `stop` ends them in reverse order. Should this process die
 * first (crash, Ctrl-C, `kill -9`), the watchdog does it. Logs stay when the process fails, and the path is printed.
 */
export class Supervisor {
  /** The temporary folder: `logs/` and `data/`. */
  readonly directory: string;
  readonly #watchdog = sharedWatchdog();
  readonly #processes: ManagedProcess[] = [];
  readonly #endings: (() => Promise<void>)[] = [];

  constructor(label = 'testbed') {
    this.directory = mkdtempSync(join(tmpdir(), `hallmark-${label}-`));
    this.#watchdog.trackDirectory(this.directory);
    for (const folder of ['logs', 'data', 'home']) mkdirSync(join(this.directory, folder));
    // One listener for all: Node warns of a leak from the eleventh on.
    if (supervisors.size === 0) process.once('exit', keepLogsAtExit);
    supervisors.add(this);
  }

  /** Starts a server in its own process group. */
  start(spec: ProcessSpec): ManagedProcess {
    const env = { ...this.environment(), ...spec.env };
    const started = new ManagedProcess(spec, join(this.directory, 'logs', `${spec.name}.log`), env, this.#watchdog);
    this.#processes.push(started);
    return started;
  }

  /** The environment that every server and command starts from: nothing of the user's but PATH, and where Node keeps compiled code. */
  environment(): Readonly<Record<string, string>> {
    return {
      PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
      HOME: join(this.directory, 'home'),
      TMPDIR: join(this.directory, 'data'),
      GOGC: garbageCollection,
      ...compileCache(),
    };
  }

  /** A folder for a server's data, made when missing; gone with the testbed. */
  dataDirectory(name: string): string {
    const path = join(this.directory, 'data', name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Creates a folder for a caller's logs, kept and removed like the servers' logs. */
  logDirectory(name: string): string {
    const path = join(this.directory, 'logs', name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Leaves the logs in place when the testbed is gone, and says where. */
  keepLogs(): void {
    try {
      writeFileSync(join(this.directory, keepMarker), '');
      process.stderr.write(`testbed: logs kept in ${join(this.directory, 'logs')}\n`);
    } catch {
      // The folder is gone already: there is nothing to keep.
    }
  }

  /** Runs once, when `stop` has ended every server. */
  onStop(ending: () => Promise<void>): void {
    this.#endings.push(ending);
  }

  /** Ends every server, the newest first, and frees the data. The logs go when this process ends without failing. */
  async stop(): Promise<void> {
    for (const running of this.#processes.toReversed()) await running.stop();
    for (const ending of this.#endings.splice(0)) await ending();
    rmSync(join(this.directory, 'data'), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
