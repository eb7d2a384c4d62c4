// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { globMatches, globsCover } from './glob.ts';

describe('globMatches', () => {
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
      assert.equal(globMatches(glob, repository), matches);
    });
  }

  it('stays linear on a pattern made to backtrack', () => {
    assert.equal(globMatches(`${'a*'.repeat(120)}b`, 'a'.repeat(50_000)), false);
  });
});

describe('globsCover', () => {
  const cases: readonly (readonly [globs: readonly string[], inner: string, covers: boolean])[] = [
    [['*'], '*', true],
    [['registry/team-a/*'], 'registry/team-a/*', true],
    [['registry/team-a/*'], 'registry/team-a/app', true],
    [['registry/team-a/*'], 'registry/team-a/*/app', true],
    [['registry/team-a/*'], 'registry/*', false],
    [['registry/team-a/*'], 'registry/team-*', false],
    [['registry/team-a/*'], '*', false],
    [['registry/*/app'], 'registry/*', false],
    [['registry/*/app'], 'registry/*/*/app', true],
    [['registry/a*', 'registry/*b'], 'registry/a*b', true],
    [['registry/a', 'registry/b'], 'registry/*', false],
    [[], 'registry/a', false],
  ];
  for (const [globs, inner, covers] of cases) {
    it(`${globs.join(' ') || '(none)'} ${covers ? 'covers' : 'does not cover'} ${inner}`, () => {
      assert.equal(globsCover(globs, inner), covers);
    });
  }
});
