// SPDX-License-Identifier: Apache-2.0
import { availableParallelism, cpus, loadavg } from 'node:os';

/** The circumstances that a bench's figures depend on. */
export interface Circumstances {
  readonly commit: string;
  readonly date: Date;
  readonly processor: string;
  readonly cores: number;
  /** As `process.version` has it. */
  readonly node: string;
  /** Load average over one minute, before the bench began. */
  readonly load: number;
}

/** Read the circumstances of this machine as they are now. */
export function circumstances(commit: string): Circumstances {
  const [processor] = cpus();
  return {
    commit,
    date: new Date(),
    processor: processor?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

/** The line under a table. */
export function measuredOn({ commit, date, processor, cores, node, load }: Circumstances): string {
  const machine = `${processor}, ${cores} cores, Node ${node.slice(1)}`;
  return `Commit ${commit}, ${date.toISOString().slice(0, 10)}, ${machine}, load ${load.toFixed(1)} before the start.`;
}
