// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../cli-error.ts';
import { getTarget, type GetTarget } from './get-target.ts';

const hex = 'ab'.repeat(32);

describe('the reference of hallmark get', () => {
  const cases: readonly (readonly [string, GetTarget])[] = [
    ['taskrun/bake', { type: 'Run', kinds: ['TaskRun'], name: 'bake' }],
    ['pr/bake', { type: 'Run', kinds: ['PipelineRun'], name: 'bake' }],
    ['PipelineRuns.tekton.dev/bake', { type: 'Run', kinds: ['PipelineRun'], name: 'bake' }],
    ['record/bake-1', { type: 'Record', name: 'bake-1' }],
    ['provenancerecords.hallmark.dev/bake-1', { type: 'Record', name: 'bake-1' }],
    ['bake', { type: 'Name', name: 'bake' }],
    [`sha256:${hex}`, { type: 'Digest', hex }],
    [`reg.example/a:v1@sha256:${hex}`, { type: 'Digest', hex }],
    ['reg.example:5000/team/app:v1', { type: 'Tag', reference: 'reg.example:5000/team/app:v1' }],
    ['alpine:3', { type: 'Tag', reference: 'alpine:3' }],
    ['team/app', { type: 'Tag', reference: 'team/app' }],
  ];
  for (const [text, target] of cases) {
    it(`reads ${text} as a ${target.type}`, () => {
      assert.deepEqual(getTarget(text), target);
    });
  }

  for (const text of ['sha256:0000', `a@sha256:${hex.toUpperCase()}`, 'a@b', 'taskrun/', 'a,b', 'record/../x', '']) {
    it(`refuses "${text}", which could be neither`, () => {
      assert.throws(() => getTarget(text), UsageError);
    });
  }
});
