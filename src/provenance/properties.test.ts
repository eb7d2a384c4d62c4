// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field } from '../json/fields.ts';
import { finishedRun } from '../tekton/finished-run.ts';
import { PayloadError } from '../tekton/payload-error.ts';
import { RandomRun } from '../tekton/random-run.fixture.ts';
import { summariseRun } from '../tekton/run-summary.ts';
import type { Artifact } from '../evidence/artifact.ts';
import { payloads } from './payloads.ts';
import { buildTypes } from './slsa-v1/build-type.ts';
import { statementProblems } from './statement-definitions.fixture.ts';

const seeds = 150;
const names = ['slsa/v1', 'in-toto', 'slsa/v2alpha3', 'slsa/v2alpha4'] as const;

/** A run with children where it has tasks, as a cluster holds them. */
function randomFamily(random: RandomRun): { readonly run: unknown; readonly children: readonly unknown[] } {
  const isPipeline = random.below(2) === 0;
  const run = random.run(isPipeline ? 'PipelineRun' : 'TaskRun');
  const identity = { metadata: { ...spread(run['metadata']), name: 'r', namespace: 'n', uid: 'u' } };
  if (!isPipeline) return { run: { ...run, ...identity }, children: [] };
  const tasks = ['a', 'b'];
  const children = tasks.map((task) => {
    const child = random.run('TaskRun');
    const metadata = {
      namespace: 'n',
      name: task,
      ownerReferences: [{ uid: 'u' }],
      labels: { 'tekton.dev/pipelineTask': task },
    };
    const completed = { ...spread(child['status']), completionTime: '2025-01-01T00:00:00Z' };
    return { ...child, metadata: { ...spread(child['metadata']), ...metadata }, status: completed };
  });
  const status = {
    ...spread(run['status']),
    pipelineSpec: { tasks: tasks.map((name) => ({ name, taskRef: { name } })) },
    childReferences: tasks.map((name) => ({ kind: 'TaskRun', name, pipelineTaskName: name })),
  };
  return { run: { ...run, ...identity, status }, children };
}

function spread(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The payloads, or undefined when the run cannot be stated; anything else that is thrown fails the test. */
function attempt(run: unknown, children: readonly unknown[], random: RandomRun): readonly Artifact[] | undefined {
  try {
    return payloads(finishedRun(run, children), {
      attestation: {
        format: names[random.below(names.length)] ?? 'slsa/v2alpha4',
        builderID: 'https://builder.example',
        buildType: buildTypes[random.below(2)] ?? '',
        deepInspection: random.below(2) === 0,
        redactParameters: random.below(4) === 0 ? ['IMAGE_URL', 'a'] : [],
      },
      imageSignatureFormats: ['SimpleSigning'],
    });
  } catch (error) {
    assert.ok(error instanceof PayloadError, error instanceof Error ? error.stack : String(error));
    assert.ok(error.message.length > 0 && error.message.length < 1000);
    return undefined;
  }
}

function checked(made: readonly Artifact[]): void {
  for (const { type, payload } of made) {
    const text = payload.toString('utf8');
    assert.ok(text.isWellFormed());
    const value: unknown = JSON.parse(text);
    if (type === 'Attestation') assert.deepEqual(statementProblems(value), [], text);
    else assert.notEqual(field(value, 'critical'), undefined);
  }
}

describe('any run', () => {
  for (const hostility of [0, 0.005, 0.1]) {
    it(`is stated as the specifications prescribe or refused with a reason (hostility ${hostility})`, () => {
      let stated = 0;
      for (let seed = 1; seed <= seeds; seed++) {
        const random = new RandomRun({ seed, hostility });
        const { run, children } = randomFamily(random);
        const made = attempt(run, children, random);
        if (made === undefined) continue;
        stated += 1;
        checked(made);
      }
      if (hostility < 0.1) assert.ok(stated > seeds / 4, `only ${stated} were stated`);
      if (hostility > 0) assert.ok(stated < seeds, 'none was refused');
    });
  }

  it('gives the same bytes whenever it is stated', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [first, second] = [0, 1].map(() => {
        const random = new RandomRun({ seed });
        const { run, children } = randomFamily(random);
        return attempt(run, children, random)?.map(({ payload }) => payload.toString('utf8'));
      });
      assert.deepEqual(first, second);
    }
  });

  it('may be anything at all', () => {
    const oddities: readonly unknown[] = [
      undefined,
      null,
      1,
      'run',
      [],
      {},
      { kind: 'TaskRun' },
      { kind: ['TaskRun'] },
    ];
    const broken = ['metadata', 'spec', 'status'].flatMap((key) =>
      [1, 'x', [], [[]], true].map((value) => ({ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', [key]: value })),
    );
    const random = new RandomRun({ seed: 7 });
    for (const value of [...oddities, ...broken]) {
      summariseRun(value);
      const made = attempt(value, [value], random);
      if (made !== undefined) checked(made);
    }
  });
});
