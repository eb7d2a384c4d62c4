// SPDX-License-Identifier: Apache-2.0
// Measures the cost of signing finished runs: 1,000 TaskRuns of 8 kB wait when the operator starts, one key, with Tekton storage, with OCI
// storage, and with OCI storage behind a log and a timestamp authority, all on one machine. `node bench/operator.ts [RUNS] [--write]`.
import { bundledOperator } from '../e2e/harness/bundle.ts';
import { IMAGE_ENVIRONMENT, IMAGE_FLAGS } from '../e2e/harness/image-settings.ts';
import { Installation } from '../e2e/harness/installation.ts';
import { OperatorProcess } from '../e2e/harness/operator-process.ts';
import type { Team } from '../e2e/harness/team.ts';
import { adminClient } from '../e2e/resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../e2e/resilience/managed-runs.ts';
import { processUsage } from '../e2e/resilience/process-usage.ts';
import { SigstoreStack } from '../e2e/testbed/index.ts';
import { waitUntil } from '../e2e/testbed/processes/wait-until.ts';
import { listField } from '../src/json/fields.ts';
import { columnsTable, type Column } from './page/columns-table.ts';
import { benchArguments, publishTable } from './page/publish-table.ts';
import { makeAll } from './make-all.ts';
import { metricSums } from './metric-sums.ts';
import { METRICS_INTERVAL_MS, pidOf, STEP_SCRIPT } from './measured-processes.ts';

async function makeRuns(team: Team, runs: ManagedRuns, count: number): Promise<void> {
  const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', script: STEP_SCRIPT }] };
  await makeAll(count, async (index) => {
    await runs.build({ name: `${team.name}-${index}`, spec: { taskSpec } });
  });
}

interface Subject {
  readonly title: string;
  readonly backend: 'tekton' | 'registry';
  /** Fields of the policy, in addition to those that select these runs. */
  readonly policy?: object;
  /** Sections of the operator's configuration. */
  readonly configuration?: object;
}

const subjects: readonly Subject[] = [
  { title: 'Tekton storage', backend: 'tekton' },
  { title: 'OCI storage', backend: 'registry' },
];

/** With every signature in Rekor v1 and timestamped, before it is stored. */
async function witnessed(installation: Installation): Promise<Subject> {
  const stack = await SigstoreStack.start(installation.testbed.supervisor, { rekorV1: true, timestampAuthority: true });
  const transparency = {
    type: 'Rekor',
    rekor: { url: stack.rekorV1.url, apiVersion: 1 },
    timestampAuthorities: [{ url: stack.timestampAuthority.url }],
  };
  return {
    title: 'OCI storage, Rekor v1 and a timestamp authority',
    backend: 'registry',
    policy: { transparency, trustedRoot: { type: 'Inline', inline: stack.trustedRoot } },
    configuration: {
      outbound: { allow: [installation.testbed.registry().host, ...stack.hosts] },
      transparency: { logs: [stack.rekorV1.url] },
    },
  };
}

async function measure(installation: Installation, name: string, subject: Subject, count: number): Promise<Column> {
  const { title, backend, policy } = subject;
  const client = adminClient(installation.plane);
  const team = await installation.team({ name, backends: [backend], policy: { ...managedRuns, ...policy } });
  await makeRuns(team, new ManagedRuns(client, team), count);
  const sample = await installation.kubectl(['get', 'taskrun', `${team.name}-0`, '-n', team.name, '-o', 'json']);
  const { directory } = installation.testbed.supervisor;
  const servers = { 'API server': pidOf('kube-apiserver', directory), etcd: pidOf('etcd', directory) };
  const before = Object.values(servers).map((pid) => processUsage(pid).cpuSeconds);

  const beganMs = performance.now();
  const operator = await OperatorProcess.start(installation, {
    configuration: { leaderElection: { enabled: false }, ...subject.configuration },
    nodeArgs: IMAGE_FLAGS,
    env: IMAGE_ENVIRONMENT,
    program,
  });
  await operator.untilWorking();
  const workingMs = performance.now();
  const stored = async (): Promise<boolean> =>
    (metricSums(await operator.metrics(), 'hallmark_records', 'reason').get('Stored') ?? 0) >= count;
  const patience = { timeoutSeconds: 900, intervalMilliseconds: METRICS_INTERVAL_MS };
  await waitUntil(`${count} runs are signed and stored`, stored, patience);
  const endMs = performance.now();

  const metrics = await operator.metrics();
  const recordBytes = await meanRecordBytes(installation, team.name);
  const usage = processUsage(operator.pid);
  const after = Object.values(servers).map((pid) => processUsage(pid).cpuSeconds);
  await operator.stop();
  const perRun = (seconds: number): string => `${((seconds * 1000) / count).toFixed(1)} ms`;
  const rate = (ms: number): string => (count / (ms / 1000)).toFixed(1);
  const requests = metricSums(metrics, 'hallmark_kube_requests_total', 'verb');
  const runBytes = JSON.stringify(JSON.parse(sample.stdout)).length;
  console.log(`${count} finished TaskRuns of ${runBytes} bytes, ${title}: done`);
  return {
    title,
    cells: {
      runs: `${count} of ${(runBytes / 1000).toFixed(1)} kB`,
      'runs/s': rate(endMs - workingMs),
      'runs/s, from the start of the process': rate(endMs - beganMs),
      'peak resident memory': `${(usage.peakResidentBytes / 1024 / 1024).toFixed(0)} MiB`,
      'CPU per run: operator': perRun(usage.cpuSeconds),
      ...Object.fromEntries(
        Object.keys(servers).map((server, index) => [
          `CPU per run: ${server}`,
          perRun((after[index] ?? 0) - (before[index] ?? 0)),
        ]),
      ),
      ...Object.fromEntries(
        [...requests].map(([verb, number]) => [`API requests per run: ${verb}`, (number / count).toFixed(2)]),
      ),
      'size of a record in etcd': `${(recordBytes / 1000).toFixed(1)} kB`,
    },
  };
}

/** The mean size of the records of a namespace, as the API server stores them: JSON, `managedFields` included. */
async function meanRecordBytes(installation: Installation, namespace: string): Promise<number> {
  const path = `/apis/hallmark.dev/v1alpha1/namespaces/${namespace}/provenancerecords`;
  const { stdout } = await installation.kubectl(['get', '--raw', path]);
  const list: unknown = JSON.parse(stdout);
  const sizes = listField(list, 'items').map((record) => JSON.stringify(record).length);
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}

const count = Number(benchArguments[0] ?? 1000);
if (!Number.isInteger(count) || count < 1) throw new Error('usage: node bench/operator.ts [RUNS] [--write]');
const program = await bundledOperator();
const installation = await Installation.start({ label: 'bench', replicas: 0 });
try {
  const columns: Column[] = [];
  for (const [index, subject] of [...subjects, await witnessed(installation)].entries()) {
    const name = `bench-${index}`;
    columns.push(await measure(installation, name, subject, count));
    await installation.kubectl(['delete', 'namespace', name]);
  }
  await publishTable({ id: 'operator', lines: columnsTable(columns) });
} finally {
  await installation.stop();
}
