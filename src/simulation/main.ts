// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { faults } from './put-back/faults.ts';
import { putBack } from './put-back/put-back.ts';
import type { WorldPlan } from './world-plan.ts';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    /** In each world; planned by default. */
    replicas: { type: 'string' },
    'max-failed': { type: 'string', default: '5' },
    /** Name of a fixed fault: plays the worlds that are made for it. */
    'world-of': { type: 'string' },
    /** Name of a fixed fault to put back first. */
    'put-back': { type: 'string' },
    /** Prints the plan and every event of the first world. */
    trace: { type: 'boolean', default: false },
  },
});

const name = values['put-back'];
if (name !== undefined) {
  const fault = faults.find((each) => each.name === name);
  if (fault === undefined)
    throw new Error(`--put-back ${name}: choose one of ${faults.map((each) => each.name).join(', ')}`);
  putBack(fault);
}
// Import these now, so that they contain the fault.
const { describeFailure, drawWorlds, runWorlds } = await import('./run-worlds.ts');
const { World } = await import('./world.ts');
const { worldsOfFault } = await import('./put-back/worlds-of-faults.ts');

const range = { firstSeed: Number(values.seed), worlds: Number(values.worlds) };
const replicas = values.replicas === undefined ? {} : { replicas: Number(values.replicas) };
const madeFor = values['world-of'];
const plans = (worlds: number): Iterable<WorldPlan> =>
  madeFor === undefined ? drawWorlds({ ...range, ...replicas, worlds }) : worldsOfFault(madeFor, { ...range, worlds });

if (values.trace) {
  for (const plan of plans(1)) {
    const result = await new World(plan).play();
    process.stdout.write(`${JSON.stringify(result.plan, null, 2)}\n${result.trace().join('\n')}\n`);
  }
}
const report = await runWorlds(plans(range.worlds), Number(values['max-failed']));
for (const failure of report.failed) process.stdout.write(`${describeFailure(failure)}\n`);
const { played, runs, lives, looks, virtualMs, failed } = report;
const cpuSeconds = Math.round(process.cpuUsage().user / 1e5) / 10;
const virtualHours = Math.round(virtualMs / 360_000) / 10;
process.stdout.write(
  `${JSON.stringify({ played, failed: failed.length, runs, lives, looks, virtualHours, cpuSeconds })}\n`,
);
process.exitCode = failed.length > 0 ? 1 : 0;
