// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptedManifests } from '../cases/accepted-manifests.fixture.ts';
import { refusedManifests } from '../cases/refused-manifests.fixture.ts';
import { isOfGroup, parseManifest } from './parse-manifest.ts';

/** Drop undefined fields, as a file would. */
const fromFile = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const minimal = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'StorageBackend',
  metadata: { name: 'a' },
  spec: { type: 'Tekton' },
};

function problemsOf(document: unknown): readonly unknown[] {
  const result = parseManifest(document);
  return result.ok ? [] : result.problems;
}

describe('parseManifest refuses and names the requirement for', () => {
  for (const { name, manifest, path, message } of refusedManifests) {
    it(name, () => {
      assert.deepEqual(problemsOf(fromFile(manifest)), [{ path, message }]);
    });
  }

  it('unknown fields at any depth, together with other problems', () => {
    const policy = {
      ...minimal,
      kind: 'SigningPolicy',
      spec: {
        signer: { type: 'Key', key: { secretRef: { name: 'a', namespace: 'other' } } },
        runs: { kinds: ['Pod'] },
        witnesses: {},
      },
    };
    assert.deepEqual(problemsOf(policy), [
      { path: 'spec.signer.key.secretRef.namespace', message: 'no such field; known here: name' },
      {
        path: 'spec.witnesses',
        message:
          'no such field; known here: selector, runs, attestation, imageSignatures, children, signer, transparency, trustedRoot, mode, suspend, deletionGuard, compatibility, record, subjects, backendRefs',
      },
      { path: 'spec.runs.kinds[0]', message: 'must be TaskRun or PipelineRun' },
    ]);
  });

  it('an object without a name', () => {
    assert.deepEqual(problemsOf({ ...minimal, metadata: {} }), [{ path: 'metadata', message: 'name must be set' }]);
  });

  it('an invalid name', () => {
    assert.match(
      JSON.stringify(problemsOf({ ...minimal, metadata: { name: 'A' } })),
      /metadata\.name.*must be an object's name/,
    );
  });

  it('another version and another kind of the group', () => {
    assert.deepEqual(problemsOf({ ...minimal, apiVersion: 'hallmark.dev/v1' }), [
      { path: 'apiVersion', message: 'must be hallmark.dev/v1alpha1' },
    ]);
    assert.match(
      JSON.stringify(problemsOf({ ...minimal, kind: 'toString' })),
      /must be SigningPolicy or StorageBackend/,
    );
  });

  it('a value that is not an object', () => {
    for (const document of [null, undefined, 3, 'text', [], [minimal]]) {
      assert.equal(parseManifest(document).ok, false);
    }
  });
});

describe('parseManifest accepts', () => {
  for (const { name, manifest } of acceptedManifests) {
    it(name, () => {
      assert.deepEqual(parseManifest(manifest), { ok: true, value: manifest });
    });
  }

  it('fields that the API server adds to an object', () => {
    const stored = {
      ...minimal,
      metadata: { name: 'a', uid: 'u', creationTimestamp: null, managedFields: [{ manager: 'kubectl' }] },
    };
    assert.deepEqual(problemsOf(stored), []);
  });
});

describe('isOfGroup', () => {
  it('recognises documents by their group', () => {
    assert.equal(isOfGroup(minimal), true);
    assert.equal(isOfGroup({ apiVersion: 'hallmark.dev/v9', kind: 'Other' }), true);
    for (const document of [
      { apiVersion: 'v1', kind: 'Secret' },
      { apiVersion: 'example.hallmark.dev/v1' },
      {},
      null,
    ]) {
      assert.equal(isOfGroup(document), false);
    }
  });
});
