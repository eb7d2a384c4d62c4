// SPDX-License-Identifier: Apache-2.0
// Measures how fast runs become payloads, and how much memory that takes: `node bench/provenance.ts [--write]`. Every figure is compared with
// that of JSON.parse and JSON.stringify of the same objects in the same run, so that machines can be compared.
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { payloads } from '../src/provenance/payloads.ts';
import type { PayloadOptions } from '../src/provenance/payload-options.ts';
import { slsaBuildType, slsaTektonBuildType } from '../src/provenance/slsa-v1/build-type.ts';
import { finishedRun } from '../src/tekton/finished-run.ts';
import { publishTable } from './page/publish-table.ts';
import { benchPipelineRun, benchTaskRun } from './provenance-runs.ts';

interface Workload {
  readonly name: string;
  readonly texts: readonly string[];
  readonly options: PayloadOptions;
}

interface Measured {
  readonly perSecond: number;
  /** The most that the heap grew by while working, in MB. */
  readonly heapMB: number;
}

const secondsEach = Number(process.env['BENCH_SECONDS'] ?? '3');

setFlagsFromString('--expose-gc');
const collectGarbage = new Script('gc()');

function options(format: 'slsa/v1' | 'slsa/v2alpha4', buildType: string = slsaBuildType): PayloadOptions {
  const attestation = { format, builderID: 'https://b.example', buildType, deepInspection: true, redactParameters: [] };
  return { attestation, imageSignatureFormats: ['SimpleSigning'] };
}

function workloads(): readonly Workload[] {
  const taskRun = [JSON.stringify(benchTaskRun('bake-1'))];
  const { run, children } = benchPipelineRun(200);
  const pipelineRun = [run, ...children].map((object) => JSON.stringify(object));
  return [
    { name: 'TaskRun, slsa/v2alpha4', texts: taskRun, options: options('slsa/v2alpha4') },
    { name: 'TaskRun, slsa/v1', texts: taskRun, options: options('slsa/v1') },
    { name: 'PipelineRun of 200, slsa/v2alpha4', texts: pipelineRun, options: options('slsa/v2alpha4') },
    {
      name: 'PipelineRun of 200, slsa-tekton',
      texts: pipelineRun,
      options: options('slsa/v2alpha4', slsaTektonBuildType),
    },
    { name: 'PipelineRun of 200, slsa/v1', texts: pipelineRun, options: options('slsa/v1') },
  ];
}

/** From the JSON of the objects to the bytes that are signed. */
function state({ texts, options: settings }: Workload): number {
  const [run, ...children] = texts.map((text): unknown => JSON.parse(text));
  return payloads(finishedRun(run, children), settings).reduce((sum, { payload }) => sum + payload.length, 0);
}

function reparse({ texts }: Workload): number {
  return texts.reduce((sum, text) => sum + Buffer.from(JSON.stringify(JSON.parse(text))).length, 0);
}

function measure(work: () => number): Measured {
  for (let warm = 0; warm < 3; warm++) work();
  collectGarbage.runInNewContext();
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  let rounds = 0;
  let peak = before;
  while (performance.now() - began < secondsEach * 1000) {
    work();
    rounds += 1;
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }
  return { perSecond: (rounds / (performance.now() - began)) * 1000, heapMB: (peak - before) / 2 ** 20 };
}

const lines = [
  '| run | kB in | kB payload | runs/s | parse + stringify/s | ratio | heap peak, MB | of parse + stringify, MB |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
];
for (const workload of workloads()) {
  const sizeKB = workload.texts.reduce((sum, text) => sum + text.length, 0) / 1024;
  const stated = measure(() => state(workload));
  const baseline = measure(() => reparse(workload));
  const figures = [
    sizeKB.toFixed(1),
    (state(workload) / 1024).toFixed(1),
    stated.perSecond.toFixed(0),
    baseline.perSecond.toFixed(0),
    (baseline.perSecond / stated.perSecond).toFixed(1),
    stated.heapMB.toFixed(0),
    baseline.heapMB.toFixed(0),
  ];
  lines.push(`| ${workload.name} | ${figures.join(' | ')} |`);
}
await publishTable({ id: 'provenance', lines });
