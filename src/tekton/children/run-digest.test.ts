// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runDigest } from './run-digest.ts';

const spec = { params: [{ name: 'a', value: 'b' }], taskSpec: { steps: [] } };
const status = {
  startTime: '2026-01-01T00:00:00Z',
  completionTime: '2026-01-01T00:01:00Z',
  podName: 'p',
  results: [{ name: 'IMAGE_URL', value: 'r.example/app' }],
  steps: [{ name: 's', imageID: 'i@sha256:1' }],
  artifacts: { outputs: [] },
  taskSpec: { steps: [{ name: 's' }] },
  provenance: { refSource: { uri: 'u' } },
};
const before = runDigest({ spec, status });

describe('the digest of a finished run', () => {
  it('has 16 bytes, whatever the order of fields', () => {
    assert.equal(Buffer.from(before, 'latin1').length, 16);
    assert.equal(runDigest({ status: Object.fromEntries(Object.entries(status).toReversed()), spec }), before);
  });

  const changes: Readonly<Record<string, object>> = {
    'a parameter': { spec: { ...spec, params: [{ name: 'a', value: 'c' }] } },
    'a result': { status: { ...status, results: [{ name: 'IMAGE_URL', value: 'evil.example/app' }] } },
    'a result that is gone': { status: { ...status, results: undefined } },
    'a step': { status: { ...status, steps: [{ name: 's', imageID: 'i@sha256:2' }] } },
    'a native artifact': { status: { ...status, artifacts: { outputs: [{ name: 'o' }] } } },
    'the definition of the task': { status: { ...status, taskSpec: { steps: [] } } },
    'its source': { status: { ...status, provenance: { refSource: { uri: 'v' } } } },
    'a number that a double cannot hold': { spec: { ...spec, n: 9007199254740993n } },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`changes with ${what}`, () => {
      assert.notEqual(runDigest({ spec, status, ...change }), before);
    });
  }

  it('does not change with what Tekton and users write to a run that has finished', () => {
    const later = {
      startTime: '2026-01-01T00:00:01Z',
      completionTime: '2026-01-01T00:01:01Z',
      sidecars: [{ name: 'x' }],
    };
    const metadata = { resourceVersion: '2', labels: { a: 'b' }, annotations: { c: 'd' } };
    const cancelled = { ...spec, status: 'TaskRunCancelled', statusMessage: 'too late' };
    assert.equal(runDigest({ metadata, spec: cancelled, status: { ...status, ...later } }), before);
  });

  it('exists for anything that an API server may send', () => {
    const deep: unknown = JSON.parse('['.repeat(9_000) + ']'.repeat(9_000));
    for (const object of [undefined, null, [], { spec: [], status: 5 }, { spec: { deep } }]) {
      assert.equal(runDigest(object).length, 16);
    }
  });
});
