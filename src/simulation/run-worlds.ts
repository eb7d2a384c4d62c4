// SPDX-License-Identifier: Apache-2.0
import { World, type WorldResult } from './world.ts';
import { planWorld, type WorldPlan } from './world-plan.ts';

/** Some of the worlds that are drawn from seeds. */
export interface DrawnWorlds {
  readonly firstSeed: number;
  readonly worlds: number;
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

/** Draws one world per seed, in order, each only when it is played. */
export function* drawWorlds({ firstSeed, worlds, ...options }: DrawnWorlds): Generator<WorldPlan, void, undefined> {
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) yield planWorld(seed, options);
}

/** Plays the worlds, in order. @param maxFailed stops after this many failed worlds */
export async function runWorlds(plans: Iterable<WorldPlan>, maxFailed: number): Promise<WorldsReport> {
  const failed: WorldResult[] = [];
  const sums = { played: 0, runs: 0, lives: 0, looks: 0, virtualMs: 0 };
  for (const plan of plans) {
    const result = await new World(plan).play();
    sums.played += 1;
    sums.runs += result.plan.runs.length;
    sums.lives += result.lives;
    sums.looks += result.looks;
    sums.virtualMs += result.virtualMs;
    if (result.faults.length > 0) failed.push(result);
    if (failed.length >= maxFailed) break;
  }
  return { ...sums, failed };
}

/** Describes a failed world and the command that replays it. */
export function describeFailure({ plan, faults }: WorldResult): string {
  const [first = '', ...more] = faults;
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const { seed, replicas, ofFault } = plan;
  const which = ofFault === undefined ? `--replicas ${replicas}` : `--world-of ${ofFault}`;
  return `seed ${seed}: ${first}${others}\n  again: node src/simulation/main.ts --worlds 1 --seed ${seed} ${which} --trace`;
}
