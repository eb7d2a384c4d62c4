// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { subjectOutside } from './allowed-subjects.ts';

const sha256 = '1'.repeat(64);
const outside = (name: string): string | undefined =>
  subjectOutside(['reg.example/team-a/*'], [{ name, digest: { sha256 } }]);

describe('allowedRepositories', () => {
  it('judge a URI of an image by the repository that its evidence goes to', () => {
    assert.equal(outside('reg.example/team-a/app'), undefined);
    assert.equal(outside('oci://reg.example/team-a/app:v1'), undefined);
    assert.equal(outside('pkg:oci/app?repository_url=reg.example/team-a/app'), undefined);
    for (const name of ['oci://reg.example/team-b/app', 'pkg:oci/app?repository_url=reg.example/team-b/app']) {
      assert.equal(outside(name), name);
    }
  });

  it('take no name that leads out of the allowed repositories by its path', () => {
    for (const path of [
      '../team-b/app',
      './../team-b/app',
      'x/../../team-b/app',
      '%2e%2E/team-b/app',
      '..\\team-b',
      '..',
    ]) {
      const name = `reg.example/team-a/${path}`;
      assert.equal(outside(name), name);
      assert.equal(subjectOutside(['*'], [{ name, digest: { sha256 } }]), undefined);
    }
    assert.equal(outside('reg.example/team-a/app..x/.y'), undefined);
  });
});
