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

  const none = { attestation: { format: 'None' } };
  const other = backend('CosignTags');
  const annotations = backend('annotations', { type: 'Tekton', oci: undefined });
  const attestationsOnly = backend('SigstoreBundle', { artifacts: ['Attestation'] });
  const reaches: readonly (readonly [
    string,
    object,
    readonly CompiledBackend[],
    readonly RegExp[],
    RegExp | undefined,
  ])[] = [
    [
      'takes the attestation where the image signature fits nothing',
      {},
      [bundles],
      [/sigstorebundle.*takes no image/],
      undefined,
    ],
    [
      'does not concern a policy that another backend takes whole',
      {},
      [bundles, annotations],
      [/sigstorebundle/],
      undefined,
    ],
    [
      'is for the policy to mend when nothing of it is taken',
      none,
      [bundles],
      [/sigstorebundle/],
      /add SigstoreStatement/,
    ],
    ['is none for another backend in reach', none, [bundles, other], [/sigstorebundle/], undefined],
    ['of the log is as total', { ...rekor(2) }, [tags], [/takes nothing/], /encoding SigstoreBundle/],
    [
      'of the log leaves out what is stored without it',
      {
        transparency: { type: 'Rekor', rekor: { url: 'https://r.example', apiVersion: 2, onFailure: 'StoreWithout' } },
        trustedRoot: { type: 'ConfigMap', configMap: { name: 'root' } },
      },
      [tags],
      [],
      undefined,
    ],
    [
      'is another where no backend takes the type at all',
      none,
      [attestationsOnly],
      [],
      /add ImageSignature to spec.artifacts/,
    ],
  ];
  for (const [title, spec, backends, untaken, invalid] of reaches) {
    it(`a mismatch ${title}`, () => {
      const pipelines = new Pipelines(OPERATOR);
      const subject = policy(spec);
      pipelines.setPolicy(subject);
      for (const each of backends) pipelines.setBackend(each);
      const mismatches = pipelines.untakenOf(subject);
      assert.equal(mismatches.length, untaken.length, mismatches.join());
      untaken.forEach((pattern, index) => {
        assert.match(mismatches[index] ?? '', pattern);
      });
      for (const found of [pipelines.refusal(subject)?.message, pipelines.forNamespace('team')[0]?.policy.invalid]) {
        if (invalid === undefined) assert.equal(found, undefined);
        else assert.match(found ?? '', invalid);
      }
      const reported = backends.flatMap((each) => pipelines.untakenBy(each).map(({ message }) => message));
      assert.deepEqual(reported.toSorted(), mismatches.toSorted());
    });
  }

  it('a mismatch waits for a backend that is named and not there yet', () => {
    const pipelines = new Pipelines(OPERATOR);
    const refs = ['sigstorebundle', 'later'].map((name) => ({ kind: 'StorageBackend', name }));
    const subject = policy({ ...none, backendRefs: refs });
    pipelines.setPolicy(subject);
    pipelines.setBackend(bundles);
    assert.equal(pipelines.refusal(subject)?.message, undefined);
  });
});

describe('the number of backends in reach', () => {
  const given = (count: number, spec: object = {}): Pipelines => {
    const pipelines = new Pipelines(OPERATOR);
    pipelines.setPolicy(policy({}));
    for (let index = 0; index < count; index += 1) {
      pipelines.setBackend({ ...backend('CosignTags', spec), name: `b-${index}`, uid: `u-${index}` });
    }
    return pipelines;
  };

  it('makes a policy invalid beyond the limit of a record, and explains how to choose', () => {
    assert.equal(given(128).forNamespace('team')[0]?.policy.invalid, undefined);
    const pipelines = given(129);
    assert.match(pipelines.forNamespace('team')[0]?.policy.invalid ?? '', /129 backends.*spec\.backendRefs/);
    assert.match(pipelines.refusal(policy({}))?.message ?? '', /129 backends/);
  });

  it('counts only those that take every run', () => {
    const some = { selector: { matchLabels: { app: 'bread' } } };
    assert.equal(given(129, some).forNamespace('team')[0]?.policy.invalid, undefined);
  });
});
