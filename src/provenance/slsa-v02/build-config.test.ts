// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { attested } from '../attested.fixture.ts';

const completed = { startTime: '2025-01-01T00:00:00.25Z', completionTime: '2025-01-01T00:00:01Z' };
const imageID = `reg.example/i@sha256:${'1'.repeat(64)}`;

interface Child {
  readonly task: string;
  readonly specs?: readonly object[];
  readonly states?: readonly object[];
  readonly status?: object;
}

function pipeline(
  tasks: readonly object[],
  finallyTasks: readonly object[],
  children: readonly Child[],
): readonly unknown[] {
  const taskRuns = children.map(({ task, specs = [], states = [], status = completed }, index) => ({
    kind: 'TaskRun',
    metadata: { name: `p-${index}`, labels: { 'tekton.dev/pipelineTask': task } },
    status: { taskSpec: { steps: specs }, steps: states, ...status },
  }));
  const childReferences = taskRuns.map(({ metadata }) => ({ kind: 'TaskRun', name: metadata.name }));
  const status = { pipelineSpec: { tasks, finally: finallyTasks }, childReferences };
  const { predicate } = attested(
    { kind: 'PipelineRun', metadata: { name: 'p' }, status },
    { format: 'slsa/v1', children: taskRuns },
  );
  return listField(field(predicate, 'buildConfig'), 'tasks');
}

const after = (entries: readonly unknown[]) => entries.map((entry) => [field(entry, 'name'), field(entry, 'after')]);

describe('the tasks of a SLSA 0.2 build config', () => {
  it('run after the tasks that they name and the tasks whose results they use', () => {
    const reference = (name: string, rest = 'x') => `$(tasks.${name}.results.${rest})`;
    const task = {
      name: 't',
      runAfter: ['first'],
      params: [
        { name: 'p', value: reference('param') },
        { name: 'l', value: [reference('list', 'x[1]'), reference('first')] },
      ],
      matrix: {
        params: [{ name: 'm', value: [reference('matrix', 'x[*]')] }],
        include: [{ params: [{ name: 'i', value: reference('include') }] }],
      },
      when: [
        { input: reference('when'), operator: 'in', values: [reference('values')] },
        { cel: `${reference('cel')} == 'a'` },
      ],
      taskSpec: {
        steps: [
          {
            name: 's',
            image: reference('image'),
            args: [reference('args')],
            env: [{ name: 'e', value: reference('env', 'o.key') }],
          },
        ],
        sidecars: [
          {
            name: 'c',
            script: `$(finally.sidecar.results.x) $(params.no) $(tasks.no.results.a.b.c) $(tasks.no.other.x)`,
          },
        ],
      },
    };
    const expected = [
      'first',
      'param',
      'list',
      'matrix',
      'include',
      'when',
      'values',
      'cel',
      'image',
      'args',
      'env',
      'sidecar',
    ];
    assert.deepEqual(after(pipeline([task], [], [{ task: 't' }])), [['t', expected]]);
  });

  it('place a finally task without an order after the last task that ran', () => {
    const tasks = [{ name: 'a' }, { name: 'b' }, { name: 'skipped' }];
    const executed = pipeline(
      tasks,
      [{ name: 'f' }, { name: 'g' }],
      ['a', 'b', 'f', 'g'].map((task) => ({ task })),
    );
    assert.deepEqual(after(executed), [
      ['a', undefined],
      ['b', undefined],
      ['f', ['b']],
      ['g', ['b']],
    ]);
  });

  it('appear once for each TaskRun of a matrix', () => {
    const executed = pipeline([{ name: 'm' }], [], [{ task: 'm' }, { task: 'm' }]);
    assert.equal(executed.length, 2);
  });

  it('are left out when their steps are ambiguous', () => {
    const children: readonly Child[] = [
      { task: 't', specs: [{ name: 'a' }], states: [] },
      { task: 't', specs: [{ name: 'a' }], states: [{ name: 'unnamed-0', imageID }] },
      { task: 't', status: { startTime: completed.startTime } },
      { task: 't', specs: [{ name: '', args: ['x'] }], states: [{ name: 'unnamed-0', imageID }] },
    ];
    const [only, ...rest] = pipeline([{ name: 't' }], [], children);
    assert.deepEqual(rest, []);
    const environment = { image: `oci://${imageID}`, container: 'unnamed-0' };
    assert.deepEqual(field(only, 'steps'), [{ annotations: null, arguments: ['x'], entryPoint: '', environment }]);
    assert.equal(field(only, 'startedOn'), '2025-01-01T00:00:00.25Z');
  });

  it('derive their status from the first condition', () => {
    const statuses = ['True', 'False', 'Unknown'].map((status) => ({
      ...completed,
      conditions: [{ type: 'Other', status }],
    }));
    const executed = pipeline(
      [{ name: 't' }],
      [],
      statuses.map((status) => ({ task: 't', status })),
    );
    assert.deepEqual(
      executed.map((entry) => field(entry, 'status')),
      ['Succeeded', 'Failed', 'Running'],
    );
  });
});

describe('the steps of a TaskRun', () => {
  it('are matched by name, and lose what unnamed steps declare, as in the reference', () => {
    const status = {
      taskSpec: {
        steps: [
          { name: 'b', script: 'echo' },
          { command: ['sh', '-c'], args: ['x'] },
          { name: 'a', command: ['sh', '-c'], args: ['x'] },
        ],
      },
      steps: [
        { name: 'a', imageID: `docker-pullable://${imageID}` },
        { name: 'unnamed-1', imageID },
        { name: 'b', imageID },
      ],
    };
    const { predicate } = attested({ status }, { format: 'slsa/v1' });
    const steps = listField(field(predicate, 'buildConfig'), 'steps');
    assert.deepEqual(
      steps.map((step) => [field(step, 'entryPoint'), field(step, 'arguments')]),
      [
        ['sh -c', ['x']],
        ['', null],
        ['echo', null],
      ],
    );
    assert.deepEqual(field(steps[0], 'environment'), { container: 'a', image: `oci://${imageID}` });
  });
});
