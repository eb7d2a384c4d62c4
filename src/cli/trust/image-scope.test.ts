// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../cli-error.ts';
import { imageScope } from './image-scope.ts';

const scope = (allowedRepositories: readonly string[], images: readonly string[] = []): readonly string[] =>
  imageScope({ description: 'SigningPolicy team/builds', allowedRepositories, images });

describe('the images that an admission controller judges', () => {
  it('are those of the repositories that the policy may sign for', () => {
    assert.deepEqual(scope(['registry/team/*']), ['registry/team/*']);
  });

  it('are those that the user names, within the repositories of the policy', () => {
    assert.deepEqual(scope([], ['registry/team/app']), ['registry/team/app']);
    assert.deepEqual(scope(['*'], ['registry/team/app']), ['registry/team/app']);
    assert.deepEqual(scope(['registry/team/*'], ['registry/team/app*']), ['registry/team/app*']);
    assert.throws(
      () => scope(['registry/team/*'], ['registry/other/app']),
      /outside spec.subjects.allowedRepositories of SigningPolicy team\/builds: registry\/team\/\*/,
    );
  });

  it('are never those of everybody', () => {
    const everything: readonly (readonly [readonly string[], readonly string[]])[] = [
      [[], []],
      [['*'], []],
      [['registry/team/*', '*'], []],
      [['**'], []],
      [['*/*'], []],
      [[], ['*']],
      [['registry/team/*'], ['*']],
    ];
    for (const [allowed, images] of everything) assert.throws(() => scope(allowed, images), UsageError);
  });

  it('are named without tag and digest', () => {
    for (const image of ['registry/team/app:v1', `registry/team/app@sha256:${'a'.repeat(64)}`])
      assert.throws(() => scope([], [image]), /without tag or digest/);
    assert.deepEqual(scope([], ['registry:5000/team/app']), ['registry:5000/team/app']);
  });
});
