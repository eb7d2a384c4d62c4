// SPDX-License-Identifier: Apache-2.0
import type { Pod } from './pod.ts';

/** A pod as the agent sees it, for tests. */
export interface PodReport {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly containers: readonly ContainerReport[];
}

export interface ContainerReport {
  readonly name: string;
  /** `undefined` while no process runs. */
  readonly pid: number | undefined;
  readonly restartCount: number;
  /** Container port to local port. */
  readonly ports: Readonly<Record<number, number>>;
}

/** One pod on this node, from its binding to its end. */
export interface PodWorker {
  start(): void;
  /** The pod has changed; its deletion may have begun. */
  update(pod: Pod): void;
  /** The pod is gone, or the agent stops: end everything now. */
  remove(): Promise<void>;
  kill(signal: NodeJS.Signals): boolean;
  report(): PodReport;
}
