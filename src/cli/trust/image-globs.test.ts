// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../cli-error.ts';
import { kyvernoGlobs, policyControllerGlobs } from './image-globs.ts';

describe('globs for Kyverno', () => {
  const cases: readonly (readonly [glob: string, printed: readonly string[]])[] = [
    ['registry.example/team/*', ['registry.example/team/*']],
    [
      'registry.example:5000/team/app',
      ['registry.example:5000/team/app', 'registry.example:5000/team/app:*', 'registry.example:5000/team/app@*'],
    ],
    ['[::1]:5000/team/*', [String.raw`\[::1\]:5000/team/*`]],
    ['docker.io/team/*', ['docker.io/team/*', 'index.docker.io/team/*', 'team/*']],
    ['team/*', ['docker.io/team/*', 'index.docker.io/team/*', 'team/*']],
    ['localhost/team/*', ['localhost/team/*']],
    ['*.example/team/*', ['*.example/team/*']],
    [
      'index.docker.io/library/app',
      ['docker.io/library/app', 'index.docker.io/library/app', 'library/app', 'app'].flatMap((name) => [
        name,
        `${name}:*`,
        `${name}@*`,
      ]),
    ],
  ];
  for (const [glob, printed] of cases) {
    it(`match the images of ${glob}, and no other repository`, () => {
      assert.deepEqual(kyvernoGlobs(glob), printed);
    });
  }

  it('are the same for all names of an official image', () => {
    for (const glob of ['app', 'docker.io/app', 'library/app'])
      assert.deepEqual(kyvernoGlobs(glob), kyvernoGlobs('index.docker.io/library/app'));
  });

  it('are refused where an image without its registry could be anybody else’s', () => {
    for (const glob of ['docker.io/*', 'docker.io/te*/app', 'docker.io/library/app*'])
      assert.throws(() => kyvernoGlobs(glob), UsageError);
  });
});

describe('globs for policy-controller', () => {
  const cases: readonly (readonly [glob: string, printed: readonly string[]])[] = [
    ['registry.example/team/*', ['registry.example/team/**']],
    ['registry.example/team/**', ['registry.example/team/**']],
    ['registry.example/*/app', ['registry.example/**/app:**', 'registry.example/**/app@**']],
    ['docker.io/team/*', ['index.docker.io/team/**']],
    ['team/*', ['index.docker.io/team/**']],
    ['app', ['index.docker.io/library/app:**', 'index.docker.io/library/app@**']],
    ['registry.example:5000/app', ['registry.example:5000/app:**', 'registry.example:5000/app@**']],
  ];
  for (const [glob, printed] of cases) {
    it(`match the images of ${glob}, and no other repository`, () => {
      assert.deepEqual(policyControllerGlobs(glob), printed);
    });
  }

  it('are refused where it would not take them', () => {
    assert.throws(() => policyControllerGlobs('registry.example/te?m/*'), UsageError);
  });
});
