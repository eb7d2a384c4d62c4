// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { attested, byProductsOf, materialsOf } from '../attested.fixture.ts';

const hex = '1'.repeat(64);
const completionTime = '2026-01-01T00:00:00Z';
const failed = { conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed' }] };
const succeeded = { conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }] };
const formats = ['slsa/v2alpha3', 'slsa/v2alpha4'] as const;

const task = (name: string, rest: object = {}) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name, uid: `u-${name}`, labels: { 'tekton.dev/pipelineTask': name } },
  status: { completionTime, ...succeeded, taskSpec: { steps: [] }, ...rest },
});
const reference = (name: string, kind = 'TaskRun') => ({
  apiVersion: 'tekton.dev/v1',
  kind,
  name,
  pipelineTaskName: name,
});

describe('a failure within a run', () => {
  const scan = task('scan', failed);
  const pipeline = (onError?: string, status: object = succeeded) => ({
    kind: 'PipelineRun',
    metadata: { name: 'p' },
    status: {
      ...status,
      pipelineSpec: { tasks: [{ name: 'scan', ...(onError === undefined ? {} : { onError }) }, { name: 'build' }] },
      childReferences: [reference('scan'), reference('build')],
    },
  });

  it('is a by-product: a task that the pipeline ignores', () => {
    const stated = [['hallmark/children', [{ ...reference('scan'), uid: 'u-scan', outcome: 'Failed' }]]];
    for (const format of formats) {
      const options = { children: [scan, task('build')], format };
      assert.deepEqual(byProductsOf(attested(pipeline('continue'), options)), stated);
      assert.deepEqual(byProductsOf(attested(pipeline(), options)), []);
    }
  });

  const steps = [
    { name: 'lint', imageID: `i@sha256:${hex}`, terminated: { exitCode: 7, reason: 'Completed' } },
    { name: 'test', imageID: `i@sha256:${hex}`, terminated: { exitCode: 1 }, terminationReason: 'Continued' },
    { name: 'push', imageID: `i@sha256:${hex}`, terminated: { exitCode: 0, reason: 'Completed' } },
  ];
  const taskSpec = {
    steps: [{ name: 'lint', onError: 'continue' }, { name: 'test' }, { name: 'push', onError: 'continue' }],
  };
  const ignored = [
    { name: 'lint', imageID: `i@sha256:${hex}`, exitCode: 7, reason: 'Completed' },
    { name: 'test', imageID: `i@sha256:${hex}`, exitCode: 1 },
  ];

  it('is a by-product: steps that the task ignores, of a TaskRun and of a child', () => {
    const run = task('build', { steps, taskSpec });
    for (const format of formats) {
      assert.deepEqual(byProductsOf(attested(run, { format })), [['hallmark/steps', ignored]]);
      const byProducts = byProductsOf(attested(pipeline(), { format, children: [task('scan'), run] }));
      const child = { ...reference('build'), uid: 'u-build', outcome: 'Succeeded', steps: ignored };
      assert.deepEqual(byProducts, [['hallmark/children', [child]]]);
    }
  });

  const retriesStatus = [
    {
      ...failed,
      startTime: completionTime,
      completionTime,
      steps: [{ name: 's', imageID: 'i@sha256:2', terminated: { exitCode: 3 } }],
    },
  ];
  const attempts = [
    {
      outcome: 'Failed',
      reason: 'Failed',
      startedOn: completionTime,
      finishedOn: completionTime,
      steps: [{ name: 's', imageID: 'i@sha256:2', exitCode: 3 }],
    },
  ];

  it('is a by-product: earlier attempts, of a TaskRun and of a child', () => {
    const run = task('build', { retriesStatus });
    assert.deepEqual(byProductsOf(attested(run)), [['hallmark/attempts', attempts]]);
    const byProducts = byProductsOf(attested(pipeline(), { children: [run] }));
    const child = { ...reference('build'), uid: 'u-build', outcome: 'Succeeded', attempts };
    assert.deepEqual(byProducts, [['hallmark/children', [child]]]);
  });
});

describe('native outputs that are not build outputs', () => {
  it('are by-products with URI and digest', () => {
    const values = [{ uri: 'pkg:log', digest: { sha256: hex } }];
    const outputs = [
      { name: 'log', values },
      { name: 'image', buildOutput: true, values },
    ];
    for (const format of formats) {
      const { predicate } = attested(task('build', { artifacts: { outputs } }), { format });
      assert.deepEqual(listField(field(predicate, 'runDetails'), 'byproducts'), [
        { name: 'hallmark/artifacts/build/log', uri: 'pkg:log', digest: { sha256: hex } },
      ]);
    }
  });
});

describe('nested pipelines', () => {
  const image = (name: string, digit: string) => ({
    taskSpec: { steps: [{ name: 's' }] },
    steps: [{ name: 's', imageID: `${name}@sha256:${digit.repeat(64)}` }],
    results: [
      { name: 'IMAGE_URL', value: `reg.example/${name}` },
      { name: 'IMAGE_DIGEST', value: `sha256:${digit.repeat(64)}` },
    ],
  });
  const run = (name: string, children: readonly (readonly [string, string])[], rest: object = {}) => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name, uid: `u-${name}` },
    status: {
      ...succeeded,
      completionTime,
      pipelineSpec: { tasks: children.map(([child]) => ({ name: child, onError: 'continue' })) },
      childReferences: children.map(([child, kind]) => reference(child, kind)),
      ...rest,
    },
  });
  const refSource = { uri: 'git+https://git.example/inner', digest: { sha1: 'a'.repeat(40) } };
  const inner = run(
    'inner',
    [
      ['deep', 'PipelineRun'],
      ['bake', 'TaskRun'],
    ],
    { provenance: { refSource } },
  );
  const deep = run('deep', [['mix', 'TaskRun']]);
  const outer = run('outer', [
    ['inner', 'PipelineRun'],
    ['test', 'TaskRun'],
  ]);
  const children = [
    inner,
    deep,
    task('bake', image('bread1', '1')),
    task('mix', { ...image('dough', '2'), ...failed }),
    task('test'),
  ];

  it('are read at every depth: images are materials, and under deep inspection results are subjects', () => {
    for (const format of ['slsa/v1', ...formats] as const) {
      for (const deepInspection of [false, true]) {
        const stated = attested(outer, { children, format, deepInspection });
        const materials = JSON.stringify(materialsOf(stated));
        for (const name of ['oci://bread1', 'oci://dough', refSource.uri]) assert.ok(materials.includes(name), name);
        const names = stated.subjects.map(({ name }) => name).sort();
        assert.deepEqual(names, deepInspection ? ['reg.example/bread1', 'reg.example/dough'] : []);
        assert.deepEqual(stated.warnings, []);
      }
    }
  });

  it('are named with their outcome and their failures', () => {
    const failure = { ...reference('mix'), uid: 'u-mix', outcome: 'Failed' };
    const nested = { ...reference('deep', 'PipelineRun'), uid: 'u-deep', outcome: 'Succeeded', children: [failure] };
    const stated = { ...reference('inner', 'PipelineRun'), uid: 'u-inner', outcome: 'Succeeded', children: [nested] };
    assert.deepEqual(byProductsOf(attested(outer, { children })), [['hallmark/children', [stated]]]);
  });

  it('are reported when they are gone, and their TaskRuns are missing children', () => {
    const gone = attested(outer, { children: [task('test')] }).warnings;
    assert.match(gone.join(), /^ChildMissing: PipelineRun inner, a child of PipelineRun outer, is gone/);
  });

  it('are followed to a bounded depth', () => {
    const chain = Array.from({ length: 10 }, (_, index) => run(`n${index}`, [[`n${index + 1}`, 'PipelineRun']]));
    const [first, ...others] = chain;
    const { warnings } = attested(first, { children: others });
    assert.deepEqual(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^ChildMissing: PipelineRun n5, .* is nested too deep/);
  });

  it('are followed in a bounded number', () => {
    const many = Array.from({ length: 100 }, (_, index) => run(`n${index}`, []));
    const wide = run(
      'wide',
      many.map(({ metadata: { name } }) => [name, 'PipelineRun'] as const),
    );
    assert.equal(attested(wide, { children: many }).warnings.length, 36);
  });
});
