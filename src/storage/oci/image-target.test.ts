// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageTargets } from './image-target.ts';
import { repositoryName } from './registry/repository.ts';

const sha256 = '1'.repeat(64);

function places(...names: readonly string[]): readonly string[] {
  const subjects = names.map((name) => ({ name, digest: { sha256 } }));
  return imageTargets({ subjects }).map(({ repository, digest }) => `${repositoryName(repository)}@${digest}`);
}

describe('the place of a subject in a registry', () => {
  for (const name of [
    'reg.example/team/app',
    'oci://reg.example/team/app:v1',
    `docker://reg.example/team/app@sha256:${sha256}`,
    `pkg:oci/app@sha256%3A${sha256}?repository_url=reg.example/team/app`,
  ]) {
    it(`is the repository that ${name.slice(0, 50)} names`, () => {
      assert.deepEqual(places(name), [`reg.example/team/app@sha256:${sha256}`]);
    });
  }

  it('is one place for several spellings', () => {
    assert.equal(places('reg.example/app1', 'oci://reg.example/app1', 'docker://reg.example/app1').length, 1);
  });

  it('is empty for other subjects', () => {
    assert.deepEqual(places('https://reg.example/team/app', 'pkg:npm/app@1', 'git+https://git.example/app'), []);
  });
});
