// SPDX-License-Identifier: Apache-2.0
// Measures the memory that the operator keeps for each finished run and each settled record. A model with so many of them stands in for the API
// server; list-watches, event handlers, indexes and queues are the operator's own. `node bench/memory.ts [--write]`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { publishTable } from './page/publish-table.ts';

const COUNTS = [1_000, 10_000, 50_000, 100_000];
const MAX_BYTES = { run: 150, record: 500 };
/** So many objects have the code compiled that handles them, which is not a cost of each. */
const FEW = 500;

function usedBytes(runs: number, records: number): number {
  const program = join(import.meta.dirname, 'memory-measurement.ts');
  return Number(execFileSync(process.execPath, ['--expose-gc', program, String(runs), String(records)]));
}

const few = usedBytes(FEW, FEW);
const perObject = (bytes: number, count: number): string => ((bytes - few) / (count - FEW)).toFixed(0);
const rows = COUNTS.map((count) => [
  count,
  perObject(usedBytes(count, FEW), count),
  perObject(usedBytes(FEW, count), count),
]);
await publishTable({
  id: 'memory',
  lines: [
    '| runs or records | bytes a finished run | bytes a settled record |',
    '| --- | --- | --- |',
    `| at most | ${MAX_BYTES.run} | ${MAX_BYTES.record} |`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ],
});
