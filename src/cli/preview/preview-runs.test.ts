// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { optionsFromFlags } from './preview-options.ts';
import { previewOutput } from './preview-output.ts';
import { previewRuns } from './preview-runs.ts';
import type { PreviewOptions } from './preview-runs.ts';

const digest = `sha256:${'1'.repeat(64)}`;

function preview(objects: readonly unknown[], options: Partial<PreviewOptions> = {}) {
  const documents = objects.map((value, index) => ({ place: `f:${index + 1}`, value }));
  const previews = [...previewRuns(documents, { ...optionsFromFlags({}), ...options })];
  return {
    artifacts: previews.flatMap(({ artifacts }) => artifacts),
    failures: previews.flatMap(({ failures }) => failures),
  };
}

const taskRun = (name: string, status: object, kind = 'TaskRun') => ({
  apiVersion: 'tekton.dev/v1',
  kind,
  metadata: { namespace: 'n', name },
  status,
});
const succeeded = { conditions: [{ type: 'Succeeded', status: 'True' }] };
const running = { conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'Running' }] };

describe('a run that has not finished', () => {
  it('is refused, unless requested, and then has a warning', () => {
    const { artifacts, failures } = preview([taskRun('t', running)]);
    assert.deepEqual(artifacts, []);
    assert.match(
      failures.join(),
      /^f:1: TaskRun n\/t: TaskRun t has the condition Succeeded=Unknown, .* give --unfinished/,
    );
    const asked = preview([taskRun('t', running)], { allowsUnfinished: true });
    assert.deepEqual(asked.failures, []);
    assert.match(asked.artifacts[0]?.artifact.warnings?.join() ?? '', /^RunUnfinished: TaskRun t /);
  });

  it('can be one without an outcome: a preview warns, and signing refuses it', () => {
    assert.match(
      preview([taskRun('t', {})]).artifacts[0]?.artifact.warnings?.join() ?? '',
      /^RunUnfinished: .* no condition/,
    );
    assert.match(preview([taskRun('t', {})], { requiresOutcome: true }).failures.join(), /has no condition Succeeded/);
    assert.deepEqual(preview([taskRun('t', succeeded)], { requiresOutcome: true }).artifacts[0]?.artifact.warnings, []);
  });
});

describe('the warnings of a preview', () => {
  const cut = { ...succeeded, results: [{ name: 'IMAGE_URL', value: 'reg.example/\u001b[31mapp' }] };

  it('are in every output', async () => {
    const { artifacts } = preview([taskRun('t', cut)]);
    for (const format of ['json', 'yaml', 'text'] as const) {
      const output = await previewOutput(format);
      const text = output.add(artifacts) + output.end();
      assert.match(text, /HintIgnored: result "?\\*"?IMAGE_URL/);
      assert.doesNotMatch(text, /\u001b/);
    }
  });

  it('are a failure if the policy makes no attestation and nothing else is left', () => {
    const options = optionsFromFlags({ format: 'None' });
    const { artifacts, failures } = preview([taskRun('t', cut)], options);
    assert.deepEqual(artifacts, []);
    assert.match(failures.join(), /there is nothing to sign: HintIgnored: result "IMAGE_URL"/);
  });

  it('have no control sequences in failures', () => {
    const odd = { ...taskRun('a\u001b[31mRED\u202e', succeeded), spec: { timeout: 'x' } };
    const { failures } = preview([odd]);
    assert.equal(failures.length, 1);
    assert.doesNotMatch(failures.join(), /[\u001b\u202e]/);
  });
});

describe('nested pipelines among several runs', () => {
  it('are runs of their own and children of others, with their TaskRuns', () => {
    const steps = [{ name: 's', imageID: `reg.example/tool@${digest}` }];
    const child = taskRun('c', { ...succeeded, completionTime: '2026-01-01T00:00:00Z', steps });
    const reference = (kind: string, name: string) => ({ kind, name, pipelineTaskName: name });
    const pipeline = (name: string, kind: string, inner: string) =>
      taskRun(
        name,
        { ...succeeded, pipelineSpec: { tasks: [{ name: inner }] }, childReferences: [reference(kind, inner)] },
        'PipelineRun',
      );
    const { artifacts, failures } = preview([
      pipeline('outer', 'PipelineRun', 'inner'),
      pipeline('inner', 'TaskRun', 'c'),
      child,
    ]);
    assert.deepEqual(failures, []);
    assert.deepEqual(
      artifacts.map(({ run }) => run.name),
      ['outer', 'inner'],
    );
    for (const { artifact } of artifacts) assert.match(artifact.payload.toString(), /oci:\/\/reg\.example\/tool/);
  });
});

it('finds children in time linear in the number of documents', () => {
  const indices = Array.from({ length: 1500 }, (_, index) => index);
  const childNames = (index: number) => Array.from({ length: 5 }, (_, task) => `p${index}-${task}`);
  const pipelines = indices.map((index) => {
    const childReferences = childNames(index).map((name) => ({ kind: 'TaskRun', name }));
    return taskRun(`p${index}`, { ...succeeded, childReferences }, 'PipelineRun');
  });
  const children = indices.flatMap((index) => childNames(index).map((name) => taskRun(name, succeeded)));
  const began = process.cpuUsage();
  const { artifacts } = preview([...pipelines, ...children]);
  assert.equal(artifacts.length, 1500);
  // Comparing all pairs takes 13 million comparisons and about 30 s.
  assert.ok(process.cpuUsage(began).user < 12_000_000);
});
