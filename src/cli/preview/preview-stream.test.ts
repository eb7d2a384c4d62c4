// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { UsageError } from '../cli-error.ts';
import { optionsFromFlags } from './preview-options.ts';
import { expectedParents, previewStream } from './preview-stream.ts';
import type { ExpectedParents } from './preview-stream.ts';
import type { RunDocument, UnreadableRunDocument } from '../documents/run-document.ts';

const status = { conditions: [{ type: 'Succeeded', status: 'True' }] };

function taskRun(name: string, metadata: object = {}) {
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: { namespace: 'n', name, ...metadata }, status };
}

function pipelineRun(name: string, children: readonly string[]) {
  const childReferences = children.map((child) => ({ kind: 'TaskRun', name: child, pipelineTaskName: child }));
  const metadata = { namespace: 'n', name };
  return { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', metadata, status: { ...status, childReferences } };
}

/** Gives documents one by one, and counts them. */
function source(values: readonly object[]) {
  const given: (RunDocument | UnreadableRunDocument)[] = [];
  const documents = (async function* () {
    for (const [index, value] of values.entries()) {
      await Promise.resolve();
      const document = { place: `f:${index + 1}`, value };
      given.push(document);
      yield document;
    }
  })();
  return { documents, given };
}

/** The names of the previewed runs, each with the number of documents that had been read when it was given. */
async function previewed(values: readonly object[], parents: ExpectedParents) {
  const { documents, given } = source(values);
  const runs: string[] = [];
  const problems: string[] = [];
  for await (const { artifacts, failures } of previewStream(documents, { ...optionsFromFlags({}), parents })) {
    runs.push(...artifacts.map(({ run }) => `${run.name} after ${given.length}`));
    problems.push(...failures);
  }
  return { runs, problems };
}

const child = taskRun('c', { labels: { 'tekton.dev/pipelineRun': 'p' } });

describe('previewStream', () => {
  it('previews each run before it reads the next', async () => {
    const { runs, problems } = await previewed([taskRun('a'), taskRun('b'), child, taskRun('d')], 'None');
    assert.deepEqual(runs, ['a after 1', 'b after 2', 'c after 3', 'd after 4']);
    assert.deepEqual(problems, []);
  });

  it('previews runs of a pipe at once up to the first that can be a child', async () => {
    const { runs } = await previewed([taskRun('a'), child, taskRun('b'), pipelineRun('p', ['c'])], 'Unknown');
    assert.deepEqual(runs, ['a after 1', 'b after 4', 'p after 4']);
  });

  it('reads all runs before it previews one if there are parents', async () => {
    const { runs } = await previewed([taskRun('c'), taskRun('b'), pipelineRun('p', ['c'])], 'Some');
    assert.deepEqual(runs, ['b after 3', 'p after 3']);
  });

  it('refuses a PipelineRun whose child it took for a run of its own', async () => {
    const elsewhere = { ...taskRun('c'), metadata: { namespace: 'other', name: 'c' } };
    const { runs, problems } = await previewed([taskRun('c'), pipelineRun('p', ['c'])], 'Unknown');
    assert.deepEqual(runs, ['c after 1']);
    assert.match(
      problems.join(),
      /^f:2: PipelineRun n\/p: refers to TaskRun\/c, which came before it .* give the PipelineRun first/,
    );
    assert.deepEqual((await previewed([elsewhere, pipelineRun('p', ['c'])], 'Unknown')).problems, []);
  });

  it('says that there is nothing to preview', async () => {
    await assert.rejects(
      previewed([], 'None'),
      new UsageError('no TaskRun or PipelineRun given: the files hold no document'),
    );
  });
});

it('files tell beforehand if they hold PipelineRuns with children, and pipes do not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hallmark-parents-'));
  try {
    const file = (name: string, value: unknown): string => {
      writeFileSync(join(folder, name), JSON.stringify(value));
      return join(folder, name);
    };
    const alone = file('alone.json', [taskRun('a'), child]);
    // The name of the field lies across two pieces.
    const parent = file('parent.json', ['x'.repeat(128 * 1024 - 150), pipelineRun('p', ['c'])]);
    assert.equal(await expectedParents([alone]), 'None');
    assert.equal(await expectedParents([alone, parent]), 'Some');
    assert.equal(await expectedParents(['-', parent]), 'Some');
    assert.equal(await expectedParents(['-', alone]), 'Unknown');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
