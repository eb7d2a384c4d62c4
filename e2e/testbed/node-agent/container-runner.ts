// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ManagedProcess, type ExitStatus } from '../processes/managed-process.ts';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';
import { kubernetesTime, type ContainerState, type ContainerStatus } from './container-state.ts';
import { imageID } from './image-id.ts';
import type { Container } from './pod.ts';
import type { PortLookup } from './probe-request.ts';
import { runProbes } from './prober.ts';

/** The process to start for a container. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface ContainerRunnerOptions {
  readonly container: Container;
  readonly launch: Launch;
  readonly restartPolicy: RestartPolicy;
  readonly graceSeconds: number;
  /** Restarts of an earlier life of the agent. */
  readonly restartCount: number;
  readonly port: PortLookup;
  /** The log file of the nth life. */
  readonly logPath: (restart: number) => string;
  readonly onChange: () => void;
}

const firstBackOffMilliseconds = 100;
const longestBackOffMilliseconds = 5000;
/** After a life this long, the next crash is a first one again. */
const healthyMilliseconds = 10_000;

/** One container: its process, its probes and its restarts, and what to report about them. */
export class ContainerRunner {
  readonly #options: ContainerRunnerOptions;
  readonly #end = new AbortController();
  #process: ManagedProcess | undefined;
  #containerID: string | undefined;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: ContainerState | undefined;
  #ready = false;
  #started = false;
  #restartCount: number;
  #done: Promise<void> | undefined;

  constructor(options: ContainerRunnerOptions) {
    this.#options = options;
    this.#restartCount = options.restartCount;
  }

  /** Runs the container until it is finished for good or stopped; never rejects. */
  run(): Promise<void> {
    this.#done ??= this.#lives();
    return this.#done;
  }

  status(): ContainerStatus {
    const { name, image } = this.#options.container;
    return {
      name,
      image,
      imageID: imageID(image),
      ...(this.#containerID === undefined ? {} : { containerID: this.#containerID }),
      state: this.#state,
      ...(this.#lastState === undefined ? {} : { lastState: this.#lastState }),
      ready: this.#ready,
      started: this.#started,
      restartCount: this.#restartCount,
    };
  }

  /** The running process's id. */
  get pid(): number | undefined {
    return this.#process?.exit === undefined ? this.#process?.pid : undefined;
  }

  /** Sends a signal to the container's process group; false when nothing runs. */
  kill(signal: NodeJS.Signals): boolean {
    const running = this.pid !== undefined;
    this.#process?.signal(signal);
    return running;
  }

  /** SIGTERM, and SIGKILL after the grace period; no restart. Resolves when the process is gone. */
  async stop(graceSeconds: number): Promise<void> {
    this.#end.abort();
    await this.#process?.stop(graceSeconds);
    await this.#done;
  }

  async #lives(): Promise<void> {
    let backOff = firstBackOffMilliseconds;
    while (!this.#isEnding()) {
      const begun = performance.now();
      const exit = await this.#live();
      if (this.#isEnding() || !this.#restarts(exit)) return;
      if (performance.now() - begun > healthyMilliseconds) backOff = firstBackOffMilliseconds;
      await this.#waitToRestart(backOff);
      backOff = Math.min(backOff * 2, longestBackOffMilliseconds);
    }
  }

  #isEnding(): boolean {
    return this.#end.signal.aborted;
  }

  #restarts(exit: ExitStatus): boolean {
    const { restartPolicy } = this.#options;
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exit.code !== 0);
  }

  async #waitToRestart(milliseconds: number): Promise<void> {
    const message = `back-off ${milliseconds}ms restarting failed container=${this.#options.container.name}`;
    this.#lastState = this.#state;
    this.#change({ waiting: { reason: 'CrashLoopBackOff', message } });
    await delay(milliseconds, undefined, { signal: this.#end.signal }).catch(() => undefined);
    if (this.#isEnding()) this.#state = this.#lastState;
    else this.#restartCount += 1;
  }

  /** One process, from start to end. */
  async #live(): Promise<ExitStatus> {
    const { container, launch, logPath, graceSeconds, port } = this.#options;
    const [command = '', ...args] = launch.command;
    const startedAt = kubernetesTime();
    const started = new ManagedProcess(
      { name: container.name, command, args, ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }) },
      logPath(this.#restartCount),
      { ...launch.env },
      sharedWatchdog(),
    );
    this.#process = started;
    this.#containerID = `hallmark-testbed://${randomUUID()}`;
    this.#change({ running: { startedAt } });
    const life = new AbortController();
    let killed: string | undefined;
    const probes = runProbes({
      container,
      port,
      signal: life.signal,
      onStarted: () => {
        this.#started = true;
        this.#options.onChange();
      },
      onReady: (ready) => {
        if (ready === this.#ready) return;
        this.#ready = ready;
        this.#options.onChange();
      },
      onDead: (message) => {
        if (killed !== undefined) return;
        killed = message;
        void started.stop(graceSeconds);
      },
    });
    const exit = await started.exited;
    life.abort();
    await probes;
    this.#finish(startedAt, exit, killed);
    return exit;
  }

  #finish(startedAt: string, exit: ExitStatus, message: string | undefined): void {
    const signal = exit.signal === null ? undefined : constants.signals[exit.signal];
    const exitCode = exit.code ?? 128 + (signal ?? 0);
    this.#ready = false;
    this.#started = false;
    this.#change({
      terminated: {
        exitCode,
        ...(signal === undefined ? {} : { signal }),
        reason: exitCode === 0 ? 'Completed' : 'Error',
        ...(message === undefined ? {} : { message }),
        startedAt,
        finishedAt: kubernetesTime(),
        ...(this.#containerID === undefined ? {} : { containerID: this.#containerID }),
      },
    });
  }

  #change(state: ContainerState): void {
    this.#state = state;
    this.#options.onChange();
  }
}
