// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageID } from './image-id.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

describe('imageID', () => {
  const kept: readonly [string, string][] = [
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    [`team/app:1.0@${digest}`, `docker.io/team/app@${digest}`],
    [`localhost:5000/app:1@${digest}`, `localhost:5000/app@${digest}`],
    [`gcr.io/a/b@${digest}`, `gcr.io/a/b@${digest}`],
  ];
  for (const [image, expected] of kept) {
    it(`names ${image} in full and keeps its digest`, () => {
      assert.equal(imageID(image), expected);
    });
  }

  it('gives an image without a digest one that follows from its name', () => {
    assert.match(imageID('127.0.0.1:5000/app:1'), /^127\.0\.0\.1:5000\/app@sha256:[0-9a-f]{64}$/);
    assert.equal(imageID('alpine:3'), imageID('alpine:3'));
    assert.notEqual(imageID('alpine:3'), imageID('alpine:4'));
  });
});
