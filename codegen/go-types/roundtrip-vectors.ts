// SPDX-License-Identifier: Apache-2.0
import { RandomRun } from '../../src/tekton/random-run.fixture.ts';

const runs = 24;
const scalars = 150;

/** Random runs, quantities, durations and times, one JSON object per line, for a round trip through the Go program. */
export function roundtripCases(): readonly string[] {
  const sound = new RandomRun({ seed: 1 });
  const hostile = new RandomRun({ seed: 2, hostility: 0.01 });
  const cases: string[] = [];
  for (let index = 0; index < runs; index++) {
    const kind = index % 2 === 0 ? 'TaskRun' : 'PipelineRun';
    for (const random of [sound, hostile])
      cases.push(JSON.stringify({ type: `tekton.${kind}`, json: random.run(kind) }));
  }
  for (let index = 0; index < scalars; index++) {
    cases.push(JSON.stringify({ type: 'Quantity', json: hostile.quantity() }));
    cases.push(JSON.stringify({ type: 'Duration', json: hostile.duration() }));
    cases.push(JSON.stringify({ type: 'Time', json: hostile.time() }));
  }
  return [...new Set(cases)];
}

/** Join the cases with the output of the Go program. */
export function roundtripVectors(cases: readonly string[], written: string): string {
  const lines = written.trim().split('\n');
  return cases.map((given, index) => `${given.slice(0, -1)},${lines[index]?.slice(1) ?? '}'}\n`).join('');
}
