// SPDX-License-Identifier: Apache-2.0
import { World, type WorldResult } from './world.ts';
import { planWorld } from './world-plan.ts';

export interface WorldsOptions {
  readonly firstSeed: number;
  readonly worlds: number;
  /** Stops after this many failed worlds. */
  readonly maxFailed: number;
  /** The number of replicas in each world; planned when absent. */
  readonly replicas?: number;
}

export interface WorldsReport {
  readonly played: number;
  readonly failed: readonly WorldResult[];
  readonly runs: number;
  readonly lives: number;
  readonly looks: number;
  readonly virtualMs: number;
}

/** Plays one world per seed, in order. */
export async function runWorlds({ firstSeed, worlds, maxFailed, ...options }: WorldsOptions): Promise<WorldsReport> {
  const failed: WorldResult[] = [];
  const sums = { played: 0, runs: 0, lives: 0, looks: 0, virtualMs: 0 };
  for (let seed = firstSeed; seed < firstSeed + worlds && failed.length < maxFailed; seed += 1) {
    const result = await new World(planWorld(seed, options)).play();
    sums.played += 1;
    sums.runs += result.plan.runs.length;
    sums.lives += result.lives;
    sums.looks += result.looks;
    sums.virtualMs += result.virtualMs;
    if (result.faults.length > 0) failed.push(result);
  }
  return { ...sums, failed };
}

/** Describes a failed world and the command that replays it. */
export function describeFailure({ plan, faults }: WorldResult): string {
  const [first = '', ...more] = faults;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return `seed ${plan.seed}: ${first}${others}\n  again: node src/simulation/main.ts --worlds 1 --seed ${plan.seed} --replicas ${plan.replicas} --trace`;
}
