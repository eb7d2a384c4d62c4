// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompiledBackend, PolicyDefinition } from './definitions.ts';
import { formMismatch } from './form-mismatch.ts';
import { Pipelines } from './pipelines.ts';
import { readBackend } from './read-backend.ts';
import { readPolicy } from './read-policy.ts';

const OPERATOR = 'hallmark-system';
const apiVersion = 'hallmark.dev/v1alpha1';

function metadata(name: string): object {
  const times = { generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { namespace: 'team', name, uid: `uid-${name}`, resourceVersion: '1', ...times };
}

function policy(spec: object): PolicyDefinition {
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const object = { apiVersion, kind: 'SigningPolicy', metadata: metadata('release'), spec: { signer, ...spec } };
  const read = readPolicy(object, OPERATOR);
  assert.ok(read !== undefined);
  assert.equal(read.invalid, undefined);
  return read;
}

function backend(encoding: string, spec: object = {}): CompiledBackend {
  const object = {
    apiVersion,
    kind: 'StorageBackend',
    metadata: metadata(encoding.toLowerCase()),
    spec: { type: 'OCI', oci: { encoding }, ...spec },
  };
  const read = readBackend(object, OPERATOR);
  assert.ok(read.ok, read.ok ? '' : read.message);
  return read.backend;
}

const tags = backend('CosignTags');
const bundles = backend('SigstoreBundle');
const rekor = (version: number): object => ({
  transparency: { type: 'Rekor', rekor: { url: 'https://rekor.example', apiVersion: version } },
  trustedRoot: { type: 'ConfigMap', configMap: { name: 'root' } },
});
const formats = (...names: string[]): object => ({ imageSignatures: { formats: names } });

describe('forms and encodings', () => {
  const rows: readonly (readonly [string, object, CompiledBackend, RegExp | undefined])[] = [
    ['simple signings meet cosign tags', formats('SimpleSigning'), tags, undefined],
    ['statements meet bundles', formats('SigstoreStatement'), bundles, undefined],
    ['simple signings do not meet bundles', formats('SimpleSigning'), bundles, /add SigstoreStatement/],
    ['statements do not meet cosign tags', formats('SigstoreStatement'), tags, /add SimpleSigning/],
    ['both forms meet cosign tags', formats('SimpleSigning', 'SigstoreStatement'), tags, undefined],
    ['both forms meet bundles', formats('SimpleSigning', 'SigstoreStatement'), bundles, undefined],
    ['no image signatures meet anything', formats(), bundles, undefined],
    [
      'nor do those of a policy that signs no TaskRun',
      { ...formats('SimpleSigning'), runs: { kinds: ['PipelineRun'] } },
      bundles,
      undefined,
    ],
    [
      'a backend that takes attestations alone meets every form',
      formats('SimpleSigning'),
      backend('SigstoreBundle', { artifacts: ['Attestation'] }),
      undefined,
    ],
    ['entries of Rekor v1 meet cosign tags', rekor(1), tags, undefined],
    ['entries of Rekor v2 do not', rekor(2), tags, /encoding SigstoreBundle/],
    ['entries of Rekor v2 meet bundles', { ...rekor(2), ...formats('SigstoreStatement') }, bundles, undefined],
  ];
  for (const [title, spec, target, message] of rows) {
    it(title, () => {
      const found = formMismatch(policy(spec), target);
      if (message === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', message);
    });
  }

  it('refuse a policy when its pipeline is compiled, and say so of policy and backend, until one is mended', () => {
    const pipelines = new Pipelines(OPERATOR);
    const simple = policy(formats('SimpleSigning'));
    pipelines.setPolicy(simple);
    pipelines.setBackend(bundles);
    assert.match(pipelines.forNamespace('team')[0]?.policy.invalid ?? '', /team\/sigstorebundle/);
    assert.match(pipelines.invalidity(simple) ?? '', /SigstoreStatement/);
    assert.deepEqual(
      pipelines.refusedBecauseOf(bundles).map(({ policy: { name } }) => name),
      ['release'],
    );
    pipelines.setPolicy(policy(formats('SigstoreStatement')));
    assert.equal(pipelines.forNamespace('team')[0]?.policy.invalid, undefined);
    assert.deepEqual(pipelines.refusedBecauseOf(bundles), []);
  });
});
