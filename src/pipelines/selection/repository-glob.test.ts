// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { repositoryMatches } from './repository-glob.ts';

describe('repositoryMatches', () => {
  const cases: readonly (readonly [glob: string, repository: string, matches: boolean])[] = [
    ['*', 'registry.example/team/app', true],
    ['registry.example/team/app', 'registry.example/team/app', true],
    ['registry.example/team/app', 'registry.example/team/app2', false],
    ['registry.example/team/*', 'registry.example/team/app', true],
    ['registry.example/team/*', 'registry.example/team/deep/app', true],
    ['registry.example/team/*', 'registry.example/team-evil/app', false],
    ['registry.example/*/app', 'registry.example/team/app', true],
    ['registry.example/*/app', 'registry.example/app', false],
    ['*.example/app', 'evil.test/x.example/app', true],
    ['registry.example/a*a', 'registry.example/a', false],
    ['registry.example/a.*', 'registry.example/abc', false],
    ['', 'registry.example/app', false],
  ];
  for (const [glob, repository, matches] of cases) {
    it(`${glob || '(empty)'} ${matches ? 'takes' : 'refuses'} ${repository}`, () => {
      assert.equal(repositoryMatches(glob, repository), matches);
    });
  }

  it('stays linear on a pattern made to backtrack', () => {
    assert.equal(repositoryMatches(`${'a*'.repeat(120)}b`, 'a'.repeat(50_000)), false);
  });
});
