// SPDX-License-Identifier: Apache-2.0
import { RandomRun } from '../../src/tekton/random-run.fixture.ts';

const runs = 24;
const scalars = 150;

/** Random runs, quantities, durations and times, one JSON object a line, for the Go program to read back and write. */
export function roundtripCases(): readonly string[] {
  const sound = new RandomRun({ seed: 1 });
  const hostile = new RandomRun({ seed: 2, hostility: 0.01 });
  const found: string[] = [];
  for (let index = 0; index < runs; index++) {
    const kind = index % 2 === 0 ? 'TaskRun' : 'PipelineRun';
    for (const random of [sound, hostile])
      found.push(JSON.stringify({ type: `tekton.${kind}`, json: random.run(kind) }));
  }
  for (let index = 0; index < scalars; index++) {
    found.push(JSON.stringify({ type: 'Quantity', json: hostile.quantity() }));
    found.push(JSON.stringify({ type: 'Duration', json: hostile.duration() }));
    found.push(JSON.stringify({ type: 'Time', json: hostile.time() }));
  }
  return [...new Set(found)];
}

/** The cases joined with what the Go program wrote for each. */
export function roundtripVectors(cases: readonly string[], written: string): string {
  const lines = written.trim().split('\n');
  return cases.map((given, index) => `${given.slice(0, -1)},${lines[index]?.slice(1) ?? '}'}\n`).join('');
}
