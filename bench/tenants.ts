// SPDX-License-Identifier: Apache-2.0
// Many tenants at once: finished TaskRuns of 8 kB in many namespaces, each with two policies, three backends and an image for each run.
// First all of them wait when the operator starts, then more finish at half the rate that it reached. `node bench/tenants.ts [RUNS NAMESPACES] [--write]`.
import { bundledOperator } from '../e2e/harness/bundle.ts';
import { IMAGE_ENVIRONMENT, IMAGE_FLAGS } from '../e2e/harness/image-settings.ts';
import { Installation } from '../e2e/harness/installation.ts';
import { OperatorProcess } from '../e2e/harness/operator-process.ts';
import { processUsage } from '../e2e/resilience/process-usage.ts';
import { waitUntil } from '../e2e/testbed/processes/wait-until.ts';
import { columnsTable, type Column } from './page/columns-table.ts';
import { benchArguments, publishTable } from './page/publish-table.ts';
import { pidOf } from './measured-processes.ts';
import { Tenants } from './tenants/tenants.ts';
import { StoredTimes, type Latencies } from './tenants/stored-times.ts';

interface Size {
  readonly runs: number;
  readonly namespaces: number;
}

const sizes: readonly Size[] = [
  { runs: 1000, namespaces: 10 },
  { runs: 1000, namespaces: 200 },
  { runs: 10_000, namespaces: 10 },
  { runs: 10_000, namespaces: 200 },
];
/** The share of runs that finish while the operator works. */
const STEADY_SHARE = 0.1;

function wanted(): readonly Size[] {
  const [runs, namespaces] = benchArguments.map(Number);
  if (runs === undefined) return sizes;
  if (namespaces === undefined || !(runs >= namespaces) || !(namespaces >= 1))
    throw new Error('usage: node bench/tenants.ts [RUNS NAMESPACES], with a run for each namespace at least');
  return [{ runs, namespaces }];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function latencyCells(what: string, latencies: Latencies): Column['cells'] {
  const { median, p99, worstNamespaceP99, bestNamespaceP99 } = latencies;
  return {
    [`${what}: median, p99`]: `${seconds(median)}, ${seconds(p99)}`,
    [`${what}: p99 of the worst and the best namespace`]: `${seconds(worstNamespaceP99)}, ${seconds(bestNamespaceP99)}`,
  };
}

async function measure({ runs, namespaces }: Size): Promise<Column> {
  const installation = await Installation.start({ label: 'tenants', replicas: 0, registries: [{ referrers: true }] });
  try {
    const tenants = await Tenants.start(installation, namespaces);
    const times = new StoredTimes(installation.plane);
    try {
      return await measureIn(installation, { tenants, times, runs });
    } finally {
      await times.stop();
    }
  } finally {
    await installation.stop();
  }
}

async function measureIn(
  installation: Installation,
  { tenants, times, runs }: { readonly tenants: Tenants; readonly times: StoredTimes; readonly runs: number },
): Promise<Column> {
  await tenants.finish(runs, (run) => {
    times.finished(run);
  });
  const { directory } = installation.testbed.supervisor;
  const servers = { 'API server': pidOf('kube-apiserver', directory), etcd: pidOf('etcd', directory) };
  const before = Object.values(servers).map((pid) => processUsage(pid).cpuSeconds);
  const operator = await OperatorProcess.start(installation, {
    configuration: { leaderElection: { enabled: false }, outbound: { allow: ['127.0.0.0/8'] } },
    nodeArgs: IMAGE_FLAGS,
    env: IMAGE_ENVIRONMENT,
    program,
  });
  try {
    await operator.untilWorking();
    times.begin();
    const patience = { timeoutSeconds: Math.max(600, runs), intervalMilliseconds: 200 };
    await waitUntil(`${runs} runs are signed and stored`, () => times.open === 0, patience);
    const rate = runs / (times.lastMs / 1000);
    const { recordCount } = times;
    const usage = processUsage(operator.pid);
    const used = Object.values(servers).map((pid, index) => processUsage(pid).cpuSeconds - (before[index] ?? 0));
    const waiting = latencyCells('waiting at the start', times.latencies());
    const perRun = (cpuSeconds: number): string => `${((cpuSeconds * 1000) / runs).toFixed(1)} ms`;
    times.begin();
    const finished = (run: { readonly uid: string; readonly namespace: string; readonly records: number }): void => {
      times.finished(run);
    };
    await tenants.finishAt(rate / 2, Math.ceil(runs * STEADY_SHARE), finished);
    await waitUntil('those that finished meanwhile are stored', () => times.open === 0, patience);
    const title = `${runs} runs, ${tenants.count} namespaces`;
    console.log(`${title}: done`);
    return {
      title,
      cells: {
        records: String(recordCount),
        'runs/s': rate.toFixed(1),
        ...waiting,
        ...latencyCells('finished meanwhile', times.latencies()),
        'CPU per run: operator': perRun(usage.cpuSeconds),
        ...Object.fromEntries(
          Object.keys(servers).map((name, index) => [`CPU per run: ${name}`, perRun(used[index] ?? 0)]),
        ),
        'peak resident memory': `${(processUsage(operator.pid).peakResidentBytes / 1024 / 1024).toFixed(0)} MiB`,
      },
    };
  } finally {
    await operator.stop();
  }
}

const program = await bundledOperator();
const columns: Column[] = [];
for (const size of wanted()) columns.push(await measure(size));
await publishTable({ id: 'tenants', lines: columnsTable(columns) });
