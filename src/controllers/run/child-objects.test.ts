// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field } from '../../json/fields.ts';
import type { ListOptions } from '../../kube/watch/list-pages.ts';
import type { Resource } from '../../kube/resource.ts';
import { finishedRun } from '../../tekton/finished-run.ts';
import { childObjects } from './child-objects.ts';

interface RunObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Readonly<Record<string, string>> };
}

/** An API server's objects, listed by kind and label. */
class Cluster {
  readonly objects: RunObject[] = [];
  lists = 0;

  add(kind: string, name: string, parent: string, children: readonly (readonly [kind: string, name: string])[] = []) {
    const childReferences = children.map(([childKind, child]) => ({
      ...{ apiVersion: 'tekton.dev/v1', kind: childKind, name: child },
      pipelineTaskName: child,
    }));
    const object = {
      apiVersion: 'tekton.dev/v1',
      kind,
      metadata: {
        ...{ namespace: 'team-a', name, uid: `u-${name}`, creationTimestamp: '2025-12-31T23:59:00Z' },
        labels: { 'tekton.dev/pipelineRunUID': `u-${parent}`, 'tekton.dev/pipelineTask': name },
        ownerReferences: [
          { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: parent, uid: `u-${parent}`, controller: true },
        ],
      },
      status: {
        conditions: [{ type: 'Succeeded', status: 'True' }],
        completionTime: '2026-01-01T00:00:00Z',
        ...(kind === 'PipelineRun'
          ? { childReferences, pipelineSpec: { tasks: children.map(([, task]) => ({ name: task })) } }
          : {}),
      },
    };
    this.objects.push(object);
    return object;
  }

  listAll<T>(resource: Resource<T>, { labelSelector = '' }: ListOptions): Promise<readonly T[]> {
    this.lists += 1;
    const [label = '', value] = labelSelector.split('=');
    const found = this.objects.filter(
      ({ kind, metadata }) => kind === resource.kind && metadata.labels[label] === value,
    );
    return Promise.resolve(found.map((object) => resource.parse(object)));
  }
}

const identity = {
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  namespace: 'team-a',
  name: 'outer',
  uid: 'u-outer',
} as const;
const never = new AbortController().signal;

async function read(cluster: Cluster, outer: unknown): Promise<readonly string[]> {
  const found = await childObjects(cluster, outer, identity, never);
  return found.map((object) => String(field(field(object, 'metadata'), 'name')));
}

describe('the children of a PipelineRun', () => {
  it('are read with those of its nested PipelineRuns', async () => {
    const cluster = new Cluster();
    const outer = cluster.add('PipelineRun', 'outer', '', [
      ['PipelineRun', 'inner'],
      ['TaskRun', 'test'],
    ]);
    cluster.add('PipelineRun', 'inner', 'outer', [['PipelineRun', 'deep']]);
    cluster.add('PipelineRun', 'deep', 'inner', [['TaskRun', 'mix']]);
    cluster.add('TaskRun', 'test', 'outer');
    cluster.add('TaskRun', 'mix', 'deep');
    assert.deepEqual([...(await read(cluster, outer))].sort(), ['deep', 'inner', 'mix', 'test']);
    const run = finishedRun(outer, await childObjects(cluster, outer, identity, never));
    const [inner] = run.children[0]?.nested?.children ?? [];
    assert.equal(inner?.nested?.children[0]?.object?.name, 'mix');
  });

  it('do not include those of a PipelineRun that only carries the label', async () => {
    const cluster = new Cluster();
    const outer = cluster.add('PipelineRun', 'outer', '', [['PipelineRun', 'inner']]);
    cluster.add('PipelineRun', 'stranger', 'outer', [['TaskRun', 'evil']]);
    cluster.add('TaskRun', 'evil', 'stranger');
    assert.deepEqual(await read(cluster, outer), ['stranger']);
  });

  it('cost no more lists than nesting is followed', async () => {
    const cluster = new Cluster();
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const outer = cluster.add(
      'PipelineRun',
      'outer',
      '',
      names.map((name) => ['PipelineRun', name] as const),
    );
    for (const name of names) {
      cluster.add('PipelineRun', name, 'outer', [['TaskRun', `${name}-t`]]);
      cluster.add('TaskRun', `${name}-t`, name);
    }
    assert.equal((await read(cluster, outer)).length, 164);
    assert.equal(cluster.lists, 65);
  });
});
