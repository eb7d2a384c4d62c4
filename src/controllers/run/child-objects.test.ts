// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field } from '../../json/fields.ts';
import type { ListOptions } from '../../kube/watch/list-pages.ts';
import type { Resource } from '../../kube/resource.ts';
import { finishedRun } from '../../tekton/finished-run.ts';
import { ChildRoom } from './child-room.ts';
import { childObjects, type ChildReading, TooManyChildren } from './child-objects.ts';

interface RunObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Readonly<Record<string, string>> };
}

/** An API server's objects, listed by kind and label. */
class Cluster {
  readonly objects: RunObject[] = [];
  lists = 0;
  pagesRead = 0;
  /** The page at which the list begins anew. */
  restartAt: number | undefined;

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

  async *pages(resource: Resource<unknown>, { labelSelector = '', pageSize = 100 }: ListOptions) {
    this.lists += 1;
    const [label = '', value] = labelSelector.split('=');
    const found = this.objects.filter(
      ({ kind, metadata }) => kind === resource.kind && metadata.labels[label] === value,
    );
    for (let from = 0; from === 0 || from < found.length; from += pageSize) {
      await Promise.resolve();
      this.pagesRead += 1;
      if (this.restartAt === this.pagesRead) {
        from = 0;
        yield { ...this.#page(found, 0, pageSize), restarted: true };
      } else yield this.#page(found, from, pageSize);
    }
  }

  #page(found: readonly RunObject[], from: number, pageSize: number) {
    const items = found.slice(from, from + pageSize);
    return { items, resourceVersion: '1', restarted: false, isLast: from + pageSize >= found.length };
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

async function read(cluster: Cluster, outer: unknown, rest: Partial<ChildReading> = {}): Promise<readonly string[]> {
  const found = await childObjects({ client: cluster, signal: never, ...rest }, outer, identity);
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
    const run = finishedRun(outer, await childObjects({ client: cluster, signal: never }, outer, identity));
    const [inner] = run.children[0]?.nested?.children ?? [];
    assert.equal(inner?.nested?.children[0]?.object?.name, 'mix');
  });

  it('do not include those of a PipelineRun that only carries the label', async () => {
    const cluster = new Cluster();
    const outer = cluster.add('PipelineRun', 'outer', '', [['PipelineRun', 'inner']]);
    cluster.add('PipelineRun', 'stranger', 'outer', [['TaskRun', 'evil']]);
    cluster.add('TaskRun', 'evil', 'stranger');
    assert.deepEqual(await read(cluster, outer), []);
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

  describe('are bounded:', () => {
    const limits = { listed: 400, children: 200, sizeBytes: 1_000_000 };
    const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);
    const fill = (cluster: Cluster, count: number): unknown => {
      const outer = cluster.add(
        'PipelineRun',
        'outer',
        '',
        names(count).map((name) => ['TaskRun', name] as const),
      );
      for (const name of names(count)) cluster.add('TaskRun', name, 'outer');
      return outer;
    };
    const refuses = (cluster: Cluster, outer: unknown, why: RegExp, bounds = limits): Promise<void> =>
      assert.rejects(
        read(cluster, outer, { limits: bounds }),
        (error) => error instanceof TooManyChildren && why.test(error.message),
      );

    it('objects that only carry the label are dropped page by page, and are not too many too soon', async () => {
      const cluster = new Cluster();
      const outer = fill(cluster, 100);
      for (const name of names(300)) cluster.add('TaskRun', `stray-${name}`, 'outer');
      assert.equal((await read(cluster, outer, { limits })).length, 100);
    });

    it('a flood of objects with the label ends the reading, and the message says what to delete', async () => {
      const cluster = new Cluster();
      const outer = fill(cluster, 1);
      for (const name of names(5000)) cluster.add('TaskRun', `stray-${name}`, 'outer');
      await refuses(
        cluster,
        outer,
        /more than 400 objects of namespace team-a .* delete those with the label tekton.dev\/pipelineRunUID=u-outer/,
      );
      assert.equal(cluster.pagesRead, 9);
    });

    it('five thousand children are too many, and the message says what to do', async () => {
      const cluster = new Cluster();
      await refuses(cluster, fill(cluster, 5000), /more than 200 children: split its pipeline; .* delete the record/);
      assert.equal(cluster.pagesRead, 5);
    });

    it('children that are too large together are refused', async () => {
      const cluster = new Cluster();
      await refuses(cluster, fill(cluster, 150), /larger than 20000 bytes together: split its pipeline/, {
        ...limits,
        sizeBytes: 20_000,
      });
    });

    it('a list that begins anew counts once', async () => {
      const cluster = new Cluster();
      const outer = fill(cluster, 200);
      cluster.restartAt = 4;
      assert.equal((await read(cluster, outer, { limits })).length, 200);
    });

    it('each one that is kept takes room, and no room ends the reading', async () => {
      const cluster = new Cluster();
      const sizes: number[] = [];
      const take = (sizeBytes: number): void => {
        sizes.push(sizeBytes);
        if (sizes.length > 60) throw new Error('no room');
      };
      const room = { take, give: () => undefined };
      await assert.rejects(read(cluster, fill(cluster, 100), { limits, room }), /no room/);
      assert.ok(sizes.every((size) => size > 100));
    });

    it('a list that begins anew gives back the room of what it had kept', async () => {
      const takenBy = async (restartAt: number | undefined): Promise<number> => {
        const cluster = new Cluster();
        const outer = fill(cluster, 200);
        cluster.restartAt = restartAt;
        const childRoom = new ChildRoom();
        await read(cluster, outer, { limits, room: childRoom.enter('team-a') });
        return childRoom.usedBytes;
      };
      assert.equal(await takenBy(4), await takenBy(undefined));
    });
  });
});
