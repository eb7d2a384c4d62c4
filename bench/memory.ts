// SPDX-License-Identifier: Apache-2.0
// Measures the memory that the operator keeps for each finished run and each settled record, with a cluster of them in place of an API server:
// the list-watches, event handlers, indexes and queues are the operator's own. `node bench/memory.ts`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const COUNTS = [1_000, 10_000, 50_000, 100_000];
const MAX_BYTES = { run: 150, record: 500 };

function usedBytes(runs: number, records: number): number {
  const program = join(import.meta.dirname, 'memory-measurement.ts');
  return Number(execFileSync(process.execPath, ['--expose-gc', program, String(runs), String(records)]));
}

/** So many objects have the code compiled that handles them, which is not a cost of each. */
const FEW = 500;
const few = usedBytes(FEW, FEW);
const perObject = (bytes: number, count: number): string => ((bytes - few) / (count - FEW)).toFixed(0);

console.log('| objects | bytes a finished run | bytes a settled record |');
console.log('| ------- | -------------------- | ---------------------- |');
for (const count of COUNTS) {
  const cells = [
    `${perObject(usedBytes(count, FEW), count)} (at most ${MAX_BYTES.run})`,
    `${perObject(usedBytes(FEW, count), count)} (at most ${MAX_BYTES.record})`,
  ];
  console.log(`| ${count} | ${cells.join(' | ')} |`);
}
