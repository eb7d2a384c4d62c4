// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseIndex } from './parse-index.ts';
import { imageMediaTypes } from './registry/registry-client.ts';

const { ociIndex, ociManifest, dockerList, dockerManifest } = imageMediaTypes;
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

function entries(document: unknown, mediaType: string = ociIndex): unknown {
  return parseIndex({ bytes: Buffer.from(JSON.stringify(document)), mediaType });
}

describe('parseIndex', () => {
  it('lists images and indexes of both vendors in their order, each once', () => {
    const manifests = [
      { mediaType: ociManifest, digest: digest('a'), platform: { os: 'linux', architecture: 'amd64' } },
      { mediaType: dockerManifest, digest: digest('b') },
      { mediaType: ociIndex, digest: digest('c') },
      { mediaType: dockerList, digest: digest('d') },
      { mediaType: ociManifest, digest: digest('a') },
    ];
    assert.deepEqual(entries({ mediaType: ociIndex, manifests }), [
      { type: 'Image', digest: digest('a') },
      { type: 'Image', digest: digest('b') },
      { type: 'Index', digest: digest('c') },
      { type: 'Index', digest: digest('d') },
    ]);
  });

  it('passes over attestations that BuildKit keeps there, other media types and other digests', () => {
    const unknown = { os: 'unknown', architecture: 'unknown' };
    const manifests = [
      { mediaType: ociManifest, digest: digest('a'), platform: unknown },
      { mediaType: 'application/vnd.example+json', digest: digest('b') },
      { mediaType: ociManifest, digest: `sha512:${'c'.repeat(128)}` },
      { mediaType: ociManifest, digest: `${digest('d')}/../x` },
    ];
    assert.deepEqual(entries({ mediaType: ociIndex, manifests }), []);
  });

  it('uses the media type in the document, and that of the registry only without one', () => {
    const manifests = [{ mediaType: ociManifest, digest: digest('a') }];
    const found = [{ type: 'Image', digest: digest('a') }];
    assert.deepEqual(entries({ mediaType: dockerList, manifests }, ociManifest), found);
    assert.equal(entries({ mediaType: ociManifest, manifests }, ociIndex), undefined);
    assert.deepEqual(entries({ manifests }, ociIndex), found);
    assert.equal(entries({ manifests }, ociManifest), undefined);
  });

  for (const [what, text] of [
    ['an image', JSON.stringify({ mediaType: ociManifest, config: {}, layers: [] })],
    ['no JSON', '{'],
    ['an index without digests', JSON.stringify({ mediaType: ociIndex, manifests: [{}] })],
  ] as const) {
    it(`finds no index in ${what}`, () => {
      assert.equal(parseIndex({ bytes: Buffer.from(text), mediaType: ociIndex }), undefined);
    });
  }
});
