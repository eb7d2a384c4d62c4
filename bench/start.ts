// SPDX-License-Identifier: Apache-2.0
// Measures a start, which is also a fail-over, with so many finished runs and as many settled records: `node bench/start.ts [COUNT] [--write]`.
// A model answers in place of the API server, and counts the requests of the operator other than lists and watches. The operator is bundled, as in the image.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { bundledOperator } from '../e2e/harness/bundle.ts';
import { IMAGE_ENVIRONMENT, IMAGE_FLAGS } from '../e2e/harness/image-settings.ts';
import { processUsage } from '../e2e/resilience/process-usage.ts';
import { FullClusterApi } from './full-cluster.ts';
import { benchArguments, publishTable, refuseToWrite } from './page/publish-table.ts';

const ROOT = join(import.meta.dirname, '..');
const DEFAULT_COUNT = 100_000;
const MIB = 1024 * 1024;
const REST_MS = 5_000;

interface Start {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly restBytes: number;
  /** Requests for single objects, and writes, until it worked. */
  readonly others: readonly string[];
}

async function startWith(count: number, directory: string): Promise<Start> {
  const api = new FullClusterApi({ runs: count, records: count });
  const others: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://model');
    if (searchParams.has('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      return;
    }
    const answer = request.method === 'GET' ? api.answer(pathname, searchParams) : undefined;
    const isList = searchParams.has('limit');
    if (!isList && !pathname.endsWith('/hallmark-seal')) others.push(`${request.method ?? ''} ${pathname}`);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(answer ?? '{"kind":"Status","code":404,"reason":"NotFound"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  writeFileSync(join(directory, 'kubeconfig'), JSON.stringify(kubeconfig(port)));
  writeFileSync(join(directory, 'config.yaml'), JSON.stringify(configuration));
  const beganMs = performance.now();
  const args = [...IMAGE_FLAGS, program, '--config', join(directory, 'config.yaml')];
  const operator = spawn(process.execPath, args, {
    env: { ...IMAGE_ENVIRONMENT, KUBECONFIG: join(directory, 'kubeconfig'), POD_NAME: 'bench' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await untilWorking(operator);
    const seconds = (performance.now() - beganMs) / 1000;
    const othersAtStart = [...others];
    const { cpuSeconds } = processUsage(operator.pid ?? 0);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const { peakResidentBytes: peakBytes, residentBytes: restBytes } = processUsage(operator.pid ?? 0);
    return { seconds, cpuSeconds, peakBytes, restBytes, others: othersAtStart };
  } finally {
    operator.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
  }
}

/** Rejects with its log when it ends before. */
async function untilWorking(operator: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(operator.stdout).on('line', (line) => {
      log.push(line);
      if (line.includes('"message":"working"')) resolve();
    });
    operator.once('exit', () => {
      reject(new Error(`the operator ended:\n${log.join('\n')}`));
    });
  });
}

function kubeconfig(port: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  };
}

const configuration = {
  apiVersion: 'config.hallmark.dev/v1alpha1',
  kind: 'OperatorConfiguration',
  operatorNamespace: 'hallmark-system',
  leaderElection: { enabled: false },
  http: { host: '127.0.0.1', port: 0, metricsPort: 0 },
};

const count = Number(benchArguments[0] ?? DEFAULT_COUNT);
if (!Number.isInteger(count) || count < 1) throw new Error('usage: node bench/start.ts [COUNT] [--write]');
if (benchArguments.length > 0) refuseToWrite('COUNT');
const program = join(ROOT, await bundledOperator());
const directory = mkdtempSync(join(tmpdir(), 'hallmark-start-'));
try {
  const lines = [
    '| runs, and as many records | seconds until it works | CPU seconds | peak memory | memory at rest | other requests |',
  ];
  lines.push('| --- | --- | --- | --- | --- | --- |');
  for (const size of [0, count]) {
    const { seconds, cpuSeconds, peakBytes, restBytes, others } = await startWith(size, directory);
    const memory = [peakBytes, restBytes].map((bytes) => `${(bytes / MIB).toFixed(0)} MiB`);
    const cells = [size, seconds.toFixed(1), cpuSeconds.toFixed(1), ...memory, others.length];
    lines.push(`| ${cells.join(' | ')} |`);
    for (const other of others.slice(0, 3)) console.log(`asked for ${other}`);
  }
  await publishTable({ id: 'start', lines });
} finally {
  rmSync(directory, { recursive: true });
}
