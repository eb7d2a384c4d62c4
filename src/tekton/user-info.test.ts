// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutUserInfo } from './user-info.ts';

describe('user info of URLs', () => {
  const left: Readonly<Record<string, string>> = {
    'https://bob:tok3n@git.example/app.git': 'https://git.example/app.git',
    'git+https://ghp_token@git.example/app': 'git+https://git.example/app',
    'https://bob:p@ss@git.example/app': 'https://git.example/app',
    'ssh://git:pw@git.example/app': 'ssh://git@git.example/app',
    'oci://bob:tok@reg.example/app@sha256:1111111111111111111111111111111111111111111111111111111111111111':
      'oci://reg.example/app@sha256:1111111111111111111111111111111111111111111111111111111111111111',
    'clone https://a:b@x.example/1 and http://c:d@y.example/2': 'clone https://x.example/1 and http://y.example/2',
    '{"url":"https://a:b@x.example"}': '{"url":"https://x.example"}',
    'redis://:pw@cache.example:6379/0': 'redis://cache.example:6379/0',
    'pkg:oci/app?repository_url=https%3A%2F%2Fbob:tok@reg.example%2Fapp':
      'pkg:oci/app?repository_url=https%3A%2F%2Freg.example%2Fapp',
    'https%3a%2f%2fbob%3Atok%40reg.example': 'https%3a%2f%2freg.example',
  };
  for (const [text, expected] of Object.entries(left)) {
    it(`is removed from ${text.slice(0, 60)}`, () => {
      assert.equal(withoutUserInfo(text), expected);
      assert.equal(withoutUserInfo(expected), expected);
    });
  }

  const kept = [
    'https://git.example/app.git',
    'git@git.example:team/app.git',
    'ssh://git@git.example/team/app',
    'git+ssh://git@git.example/app',
    'docker-pullable://busybox@sha256:1111111111111111111111111111111111111111111111111111111111111111',
    'https://$(params.user):$(params.token)@git.example',
    'https://x-access-token:${TOKEN}@git.example',
    'https://git.example/@scope/name?mail=a@b.example#c@d',
    'see https://git.example or mail bob@git.example',
    'bob:tok@nowhere',
    'https://@git.example',
  ];
  for (const text of kept) {
    it(`is not recognised in ${text.slice(0, 60)}`, () => {
      assert.equal(withoutUserInfo(text), text);
    });
  }

  it('is removed in linear time', () => {
    const before = process.cpuUsage();
    for (const part of ['://', '://a', 'a'.repeat(9), '@', '%3A%2F%2F', '%3A%2F%2Fa', '%41']) {
      withoutUserInfo(`https://${part.repeat(200_000)}`);
    }
    assert.ok(process.cpuUsage(before).user < 5_000_000);
  });
});
