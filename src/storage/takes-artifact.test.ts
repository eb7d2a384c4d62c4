// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import { takesArtifact } from './takes-artifact.ts';

const specs = {
  tags: effectiveStorageBackendSpec({ type: 'OCI', oci: { encoding: 'CosignTags' } }),
  bundles: effectiveStorageBackendSpec({ type: 'OCI', oci: { encoding: 'SigstoreBundle' } }),
  archivista: effectiveStorageBackendSpec({ type: 'Archivista', archivista: { url: 'https://archivista.example' } }),
  annotations: effectiveStorageBackendSpec({ type: 'Tekton' }),
  attestations: effectiveStorageBackendSpec({ type: 'Tekton', artifacts: ['Attestation'] }),
};

describe('takesArtifact', () => {
  for (const [form, takers] of [
    ['SimpleSigning', ['tags', 'annotations']],
    ['SigstoreStatement', ['bundles', 'archivista', 'annotations']],
  ] as const) {
    it(`gives a ${form} to ${takers.join(' and ')}`, () => {
      const accepting = Object.entries(specs).filter(([, spec]) =>
        takesArtifact(spec, { type: 'ImageSignature', form }),
      );
      assert.deepEqual(
        accepting.map(([name]) => name),
        takers,
      );
    });
  }

  it('gives artifacts logged by Rekor v2, which states no time, to all backends but cosign tags', () => {
    const logged = { type: 'Attestation', form: 'InTotoStatement', logEntries: [{}] } as const;
    const takers = Object.entries(specs).filter(([, spec]) => takesArtifact(spec, logged));
    assert.deepEqual(
      takers.map(([name]) => name),
      ['bundles', 'archivista', 'annotations', 'attestations'],
    );
    const timed = { ...logged, logEntries: [{ integratedTime: '2026-01-01T00:00:00Z' }] };
    assert.ok(takesArtifact(specs.tags, timed));
  });

  it('gives an attestation to all backends', () => {
    const artifact = { type: 'Attestation', form: 'InTotoStatement' } as const;
    for (const spec of Object.values(specs)) assert.ok(takesArtifact(spec, artifact));
  });
});
