// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactFixture, imageFixture } from '../../evidence/artifact.fixture.ts';
import { runFixture } from '../run.fixture.ts';
import { evidenceName, evidenceOwner } from './evidence-name.ts';

const policies = [
  { kind: 'SigningPolicy', namespace: 'team', name: 'builds' },
  { kind: 'SigningPolicy', namespace: 'team', name: 'releases' },
  { kind: 'SigningPolicy', namespace: 'other', name: 'builds' },
  { kind: 'ClusterSigningPolicy', namespace: '', name: 'builds' },
] as const;

describe('evidenceName', () => {
  it('is the short key, unless the scheme is PerPolicy', () => {
    assert.equal(evidenceName(artifactFixture(), runFixture(), 'Reference'), 'taskrun-uid-1');
    assert.equal(
      evidenceName(artifactFixture(), runFixture({ kind: 'PipelineRun' }), 'Reference'),
      'pipelinerun-uid-1',
    );
    assert.equal(evidenceName(imageFixture(), runFixture(), 'Reference'), 'abababababab');
  });

  it('ends with a digest that no two policies share', () => {
    const names = policies.map((policy) => evidenceName(imageFixture(), runFixture({ policy }), 'PerPolicy'));
    assert.equal(new Set(names).size, policies.length);
    for (const name of names) assert.match(name, /^abababababab-[0-9a-f]{10}$/);
  });

  it('distinguishes repositories with the same digest under PerPolicy, unlike Chains', () => {
    const images = ['reg.example/us/app', 'reg.example/eu/app'].map((name) =>
      imageFixture({ subjects: [{ name, digest: { sha256: 'ab'.repeat(32) } }] }),
    );
    const names = (keys: 'Reference' | 'PerPolicy'): number =>
      new Set(images.map((image) => evidenceName(image, runFixture(), keys))).size;
    assert.deepEqual([names('Reference'), names('PerPolicy')], [1, 2]);
  });

  it('does not change from one run of the same policy to the next', () => {
    const [one, two] = ['uid-1', 'uid-2'].map((uid) => evidenceName(imageFixture(), runFixture({ uid }), 'PerPolicy'));
    assert.equal(one, two);
  });
});

describe('evidenceOwner', () => {
  it('tells runs, policies and artifacts apart', () => {
    const owners = [
      ...policies.map((policy) => evidenceOwner(imageFixture(), runFixture({ policy }))),
      evidenceOwner(imageFixture(), runFixture({ uid: 'uid-2' })),
      evidenceOwner(artifactFixture(), runFixture()),
    ];
    assert.equal(new Set(owners).size, owners.length);
    assert.equal(owners[0], evidenceOwner(imageFixture({ signature: Buffer.from('later') }), runFixture()));
    assert.match(evidenceOwner(imageFixture(), runFixture()), /^uid-1\/[0-9a-f]{10}\/image-abababababab$/);
  });
});
