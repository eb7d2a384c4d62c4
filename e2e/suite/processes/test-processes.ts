// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Compile } from 'typebox/compile';
import Type from 'typebox';
import { hasCode } from '../../testbed/binaries/has-code.ts';
import type { ProcessState, TestProcessOptions } from './test-process.ts';

const State = Compile(Type.Object({ pid: Type.Integer({ minimum: 1 }), file: Type.String() }));

/** Time limits: whatever takes longer has hung. */
export interface TimeLimits {
  /** A test or a hook, unless it says itself how long it may take. */
  readonly testSeconds: number;
  /** A process whose timers do not fire: longer than any test computes without a pause on a slow machine. */
  readonly blockedSeconds: number;
  /** A process after its last test. */
  readonly lingerSeconds: number;
}

export interface TestProcessesOptions {
  readonly root: string;
  readonly groups: readonly (readonly string[])[];
  readonly limits: TimeLimits;
}

/** Signs of life that a process may miss in a row. */
const missedBeats = 30;

interface TestProcess {
  readonly entry: string;
  readonly statePath: string;
  beat: number;
  missed: number;
}

/** The processes of a run, each with a module that runs its files; names the file in which one of them dies or hangs. */
export class TestProcesses {
  readonly files: ReadonlySet<string>;
  readonly #processes: readonly TestProcess[];
  readonly #deaths = new Map<TestProcess, string>();
  readonly #blockedSeconds: number;
  readonly #watch: NodeJS.Timeout;

  constructor(folder: string, { root, groups, limits }: TestProcessesOptions) {
    const { blockedSeconds, lingerSeconds } = limits;
    const heartbeatMs = (blockedSeconds * 1000) / missedBeats;
    this.#blockedSeconds = blockedSeconds;
    this.files = new Set(groups.flat());
    this.#processes = groups.map((files, index) => {
      const entry = join(folder, `group-${index + 1}.mjs`);
      const statePath = join(folder, `group-${index + 1}.json`);
      writeFileSync(entry, entryModule({ root, files, statePath, heartbeatMs, lingerSeconds }));
      return { entry, statePath, beat: 0, missed: 0 };
    });
    this.#watch = setInterval(() => {
      for (const testProcess of this.#processes) this.#look(testProcess);
    }, heartbeatMs).unref();
  }

  /** The modules to run, in the order of the groups. */
  get entries(): readonly string[] {
    return this.#processes.map(({ entry }) => entry);
  }

  /** A line for each file in which a process died or hung. */
  get deaths(): readonly string[] {
    return [...this.#deaths.values()];
  }

  /** Takes note that a module of a process failed: it died, unless it came to the end of its files. */
  failed(entry: string): void {
    const found = this.#processes.find((candidate) => candidate.entry === entry);
    const state = found === undefined ? undefined : stateOf(found);
    if (found === undefined || state === undefined || this.#deaths.has(found)) return;
    this.#deaths.set(found, `✖ ${state.file}: its process died before its tests had ended`);
  }

  stop(): void {
    clearInterval(this.#watch);
  }

  /** Kills a process whose timers do not fire: no limit of a test can end it. One that died may have left its id to another. */
  #look(testProcess: TestProcess): void {
    const state = stateOf(testProcess);
    if (state === undefined || this.#deaths.has(testProcess)) return;
    const beat = statSync(testProcess.statePath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    testProcess.missed = beat === testProcess.beat ? testProcess.missed + 1 : 0;
    testProcess.beat = beat;
    if (testProcess.missed !== missedBeats) return;
    this.#deaths.set(
      testProcess,
      `✖ ${state.file}: no timer of its process fired for ${this.#blockedSeconds} s, so it was killed`,
    );
    process.kill(state.pid, 'SIGKILL');
  }
}

function entryModule(options: TestProcessOptions): string {
  const runner = pathToFileURL(join(import.meta.dirname, 'test-process.ts')).href;
  return `import { runTestFiles } from ${JSON.stringify(runner)};\nawait runTestFiles(${JSON.stringify(options)});\n`;
}

/** The state of a process that has begun and not yet ended its files. */
function stateOf({ statePath }: TestProcess): ProcessState | undefined {
  try {
    return State.Parse(JSON.parse(readFileSync(statePath, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
