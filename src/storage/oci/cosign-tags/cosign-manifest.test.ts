// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactFixture } from '../../../evidence/artifact.fixture.ts';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { cosignLayer, cosignTag } from './cosign-layer.ts';
import { findLayer, parseCosignManifest, withLayer } from './cosign-manifest.ts';

function artifact(form: SignedArtifact['form'], signature: string): SignedArtifact {
  const type = form === 'SimpleSigning' ? 'ImageSignature' : 'Attestation';
  const payload = Buffer.from('{"a":1}');
  return artifactFixture({ type, form, payloadType: 't', payload, signature: Buffer.from(signature), keyID: 'k' });
}

describe("cosign's tag layout", () => {
  it('is written as the reference was observed to write it', () => {
    const layer = cosignLayer(artifact('SimpleSigning', 'sig'));
    const { manifest, config, mediaType } = withLayer(undefined, layer.descriptor);
    const digest = payloadDigest(Buffer.from('{"a":1}'));
    assert.equal(mediaType, 'application/vnd.oci.image.manifest.v1+json');
    assert.equal(
      config.toString(),
      `{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{"created":"0001-01-01T00:00:00Z"}],"os":"","rootfs":{"type":"layers","diff_ids":["${digest}"]},"config":{}}`,
    );
    assert.equal(config.length, 233);
    assert.equal(
      manifest.toString(),
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":233,"digest":"${payloadDigest(config)}"},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":7,"digest":"${digest}","annotations":{"dev.cosignproject.cosign/signature":"c2ln","dev.sigstore.cosign/certificate":"","dev.sigstore.cosign/chain":""}}]}`,
    );
  });

  it('holds a statement as its envelope, with an empty signature annotation', () => {
    const { bytes, descriptor } = cosignLayer(artifact('InTotoStatement', 'sig'));
    assert.equal(descriptor.mediaType, 'application/vnd.dsse.envelope.v1+json');
    assert.equal(descriptor.annotations['dev.cosignproject.cosign/signature'], '');
    assert.match(bytes.toString(), /^{"payloadType":"t","payload":/);
  });

  it('names tags by the digest of the image', () => {
    assert.equal(cosignTag('sha256:ab', { type: 'ImageSignature' }), 'sha256-ab.sig');
    assert.equal(cosignTag('sha256:ab', { type: 'Attestation' }), 'sha256-ab.att');
  });

  it('appends to the manifest of another tool and keeps its fields', () => {
    const theirs = {
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        size: 1,
        digest: payloadDigest(Buffer.from('c')),
      },
      layers: [
        { mediaType: 'm', size: 3, digest: payloadDigest(Buffer.from('old')), annotations: { predicateType: 'x' } },
      ],
      annotations: { kept: 'yes' },
    };
    const existing = parseCosignManifest(Buffer.from(JSON.stringify(theirs)));
    assert.ok(existing);
    const layer = cosignLayer(artifact('SimpleSigning', 'sig')).descriptor;
    const next = withLayer(existing, layer);
    const config = { ...theirs.config, size: next.config.length, digest: payloadDigest(next.config) };
    assert.deepEqual(JSON.parse(next.manifest.toString()), { ...theirs, config, layers: [...theirs.layers, layer] });
    assert.equal(next.mediaType, theirs.mediaType);
  });

  it('knows a layer again by its bytes and its signature', () => {
    const one = cosignLayer(artifact('SimpleSigning', 'one')).descriptor;
    const two = cosignLayer(artifact('SimpleSigning', 'two')).descriptor;
    const manifest = parseCosignManifest(withLayer(undefined, one).manifest);
    assert.ok(manifest);
    assert.equal(one.digest, two.digest);
    assert.ok(findLayer(manifest, one));
    assert.equal(findLayer(manifest, two), undefined);
  });

  it('is not read from a document that is nested too deep to be written again', () => {
    const { manifest } = withLayer(undefined, cosignLayer(artifact('SimpleSigning', 'sig')).descriptor);
    const deep = `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)},${manifest.toString().slice(1)}`;
    assert.ok(parseCosignManifest(manifest));
    assert.equal(parseCosignManifest(Buffer.from(deep)), undefined);
  });

  it('is not read from bytes that are not an image manifest', () => {
    for (const text of ['', '[]', '{"schemaVersion":2,"manifests":[]}', '{"schemaVersion":1}']) {
      assert.equal(parseCosignManifest(Buffer.from(text)), undefined);
    }
  });
});
