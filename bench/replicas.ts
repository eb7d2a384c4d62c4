// SPDX-License-Identifier: Apache-2.0
// Signs finished runs with 1, 2 and 3 replicas, in 16 namespaces of which each has a shard of its own, with a registry that takes a while for
// every write. So neither the API server nor the machine is the limit, but the uploads that one replica has under way. `node bench/replicas.ts [RUNS MS]`.
import { setTimeout as pause } from 'node:timers/promises';
import { shardOf, SHARDS } from '../src/runtime/shards/shard.ts';
import { IMAGE_ENVIRONMENT, IMAGE_FLAGS } from '../e2e/harness/image-settings.ts';
import { Installation } from '../e2e/harness/installation.ts';
import { OperatorProcess } from '../e2e/harness/operator-process.ts';
import type { Team } from '../e2e/harness/team.ts';
import { adminClient } from '../e2e/resilience/admin-client.ts';
import { managedRuns } from '../e2e/resilience/managed-runs.ts';
import { processUsage } from '../e2e/resilience/process-usage.ts';
import { RecordingProxy } from '../e2e/resilience/recording-proxy.ts';
import { WriteJournal } from '../e2e/resilience/write-journal.ts';
import { waitUntil } from '../e2e/testbed/processes/wait-until.ts';
import { makeFinishedRuns } from './chains/finished-runs.ts';
import { metricSums } from './metric-sums.ts';
import { columnsTable, type Column } from './page/columns-table.ts';
import { benchArguments, publishTable } from './page/publish-table.ts';

/** A namespace of each shard. */
const namesOf = (prefix: string): readonly string[] =>
  SHARDS.map((shard) => {
    for (let index = 0; ; index += 1) if (shardOf(`${prefix}-${index}`) === shard) return `${prefix}-${index}`;
  });

async function storedBy(operators: readonly OperatorProcess[]): Promise<number> {
  const counts = operators.map(async (operator) => metricSums(await operator.metrics(), 'hallmark_records', 'reason'));
  return (await Promise.all(counts)).reduce((sum, count) => sum + (count.get('Stored') ?? 0), 0);
}

async function measure(installation: Installation, replicas: number, runs: number, writeMs: number): Promise<Column> {
  const journal = new WriteJournal();
  journal.gate = async (_write, moment) => {
    if (moment === 'Unsent') await pause(writeMs);
    return true;
  };
  const registry = await RecordingProxy.forRegistry(installation.testbed.registry().host, journal);
  const operators: OperatorProcess[] = [];
  try {
    for (let index = 0; index < replicas; index += 1)
      operators.push(
        await OperatorProcess.start(installation, {
          configuration: { outbound: { allow: [registry.host] } },
          nodeArgs: IMAGE_FLAGS,
          env: IMAGE_ENVIRONMENT,
        }),
      );
    await waitUntil('the shards are shared', async () => {
      const counts = await Promise.all(operators.map((operator) => operator.shardsHeld()));
      return counts.reduce((sum, count) => sum + count, 0) === 16 && Math.max(...counts) - Math.min(...counts) <= 1;
    });
    const teams: Team[] = [];
    for (const name of namesOf(`bench-${replicas}`))
      teams.push(await installation.team({ name, backends: ['registry'], policy: managedRuns }));
    await Promise.all(teams.map((team) => team.untilReady()));
    const running = teams.map(({ name, releaseLabel, registry: pushed }) => ({
      ...{ name, releaseLabel },
      registry: { host: registry.host, pushImage: pushed.pushImage.bind(pushed) },
    }));
    const beganMs = performance.now();
    await makeFinishedRuns(adminClient(installation.plane), { shape: 'TaskRun', count: runs, teams: running });
    const madeMs = performance.now();
    await waitUntil(`${runs} runs are stored`, async () => (await storedBy(operators)) >= runs, {
      timeoutSeconds: 1800,
      intervalMilliseconds: 200,
    });
    const endMs = performance.now();
    const seconds = operators.map(({ pid }) => processUsage(pid).cpuSeconds);
    return {
      title: `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`,
      cells: {
        'runs/s': (runs / ((endMs - beganMs) / 1000)).toFixed(1),
        'runs/s at which they finished': (runs / ((madeMs - beganMs) / 1000)).toFixed(1),
        'CPU per run: operators': `${((seconds.reduce((sum, each) => sum + each, 0) * 1000) / runs).toFixed(1)} ms`,
      },
    };
  } finally {
    await Promise.all(operators.map((operator) => operator.stop()));
    await registry.stop();
  }
}

const [runs = 480, writeMs = 2000] = benchArguments.map(Number);
const installation = await Installation.start({ label: 'bench-replicas', replicas: 0, tekton: 'Kinds' });
try {
  const columns: Column[] = [];
  for (const replicas of [1, 2, 3]) columns.push(await measure(installation, replicas, runs, writeMs));
  await publishTable({ id: 'replicas', lines: columnsTable(columns) });
} finally {
  await installation.stop();
}
