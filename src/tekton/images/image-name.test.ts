// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageOfSubject } from './image-name.ts';

const hex = '1'.repeat(64);
const other = '2'.repeat(64);

describe('the image of a subject', () => {
  const images: Readonly<Record<string, string>> = {
    'reg.example/team/app': 'reg.example/team/app',
    'reg.example:5000/app1:v1': 'reg.example:5000/app1',
    busybox: 'index.docker.io/library/busybox',
    [`reg.example/app1@sha256:${hex}`]: 'reg.example/app1',
    'oci://reg.example/team/app': 'reg.example/team/app',
    [`oci://reg.example/app1:v1@sha256:${hex}`]: 'reg.example/app1',
    'docker://reg.example/app1:v1': 'reg.example/app1',
    'OCI://127.0.0.1:5000/app1': '127.0.0.1:5000/app1',
    [`pkg:oci/app1@sha256%3A${hex}?repository_url=reg.example/team/app1&tag=v1`]: 'reg.example/team/app1',
    [`pkg:oci/app1@sha256:${hex}?arch=amd64&repository_url=https%3A%2F%2Freg.example%2Fteam%2Fapp1`]:
      'reg.example/team/app1',
    'pkg:oci/nginx:stable-alpine?repository_url=docker.io/library': 'index.docker.io/library/nginx',
    'pkg:docker/team/app1@v1?repository_url=reg.example': 'reg.example/team/app1',
    'pkg:docker/team/app1@v1': 'index.docker.io/team/app1',
  };
  for (const [name, repository] of Object.entries(images)) {
    it(`${name.slice(0, 60)} is ${repository}`, () => {
      assert.equal(imageOfSubject(name, hex)?.fullName, `${repository}@sha256:${hex}`);
    });
  }

  const others = [
    'https://reg.example/team/app',
    'git+https://git.example/app',
    'pkg:npm/app@1.0.0',
    'pkg:maven/org.example/app@1',
    `pkg:oci/app@sha256:${hex}`,
    'pkg:oci/app?repository_url=%zz',
    'pkg:oci',
    'file:///tmp/app',
    'oci://',
    `reg.example/app1@sha256:${other}`,
    `oci://reg.example/app1@sha256:${other}`,
    'reg.example/App',
  ];
  for (const name of others) {
    it(`${name.slice(0, 60)} is not an image`, () => {
      assert.equal(imageOfSubject(name, hex), undefined);
    });
  }
});
