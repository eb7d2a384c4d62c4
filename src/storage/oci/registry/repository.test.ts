// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { imageTargets } from '../image-target.ts';
import { registryOrigins } from './registry-origins.ts';
import { parseRepository, repositoryName } from './repository.ts';

const Vectors = Compile(
  Type.Object({
    imageReferences: Type.Array(
      Type.Object({
        input: Type.String(),
        error: Type.Optional(Type.Literal(true)),
        registry: Type.Optional(Type.String()),
        repository: Type.Optional(Type.String()),
        repositoryPath: Type.Optional(Type.String()),
        scheme: Type.Optional(Type.String()),
      }),
    ),
  }),
);
const golden = new URL('../../../../testdata/golden/vectors.json', import.meta.url);
const { imageReferences } = Vectors.Parse(JSON.parse(readFileSync(golden, 'utf8')));

/** Names that the reference takes for images and then fails on at the network. Here they are not images. */
const NO_REGISTRY_TAKES = /^(https|git\+https):|\/@/;

describe('parseRepository', () => {
  for (const vector of imageReferences) {
    const [base = '', digest = '', ...more] = vector.input.split('@');
    if (digest === '' || more.length > 0 || !/^sha256:[a-f0-9]{64}$/.test(digest)) continue;

    it(`reads ${base} as the reference does`, () => {
      const repository = parseRepository(base);
      if (vector.error === true || NO_REGISTRY_TAKES.test(vector.input)) {
        assert.equal(repository, undefined);
        return;
      }
      assert.ok(repository);
      assert.equal(repository.registry, vector.registry);
      assert.equal(repository.path, vector.repositoryPath);
      assert.equal(repositoryName(repository), vector.repository);
      assert.deepEqual(
        registryOrigins(repository.registry, {}).map((origin) => origin.split(':')[0]),
        [vector.scheme],
      );
    });
  }

  it('lets no path leave its repository', () => {
    for (const name of [
      'reg.example/a/../b',
      'reg.example/a//b',
      'reg.example/./ab',
      'reg.example/ab?x',
      'reg.example/ab#x',
      'user@reg.example/ab',
      'reg.example:5x/ab',
    ]) {
      assert.equal(parseRepository(name), undefined, name);
    }
  });
});

describe('registryOrigins', () => {
  it('uses http only where the reference does, and never with a certificate bundle', () => {
    const plain = [
      'localhost:5000',
      'reg.localhost',
      '127.0.0.1',
      '127.0.0.1:5000',
      '[::1]:5000',
      '10.1.2.3:5000',
      '172.31.0.1',
      '192.168.0.1',
    ];
    for (const registry of plain) {
      assert.deepEqual(registryOrigins(registry, {}), [`http://${registry}`]);
      assert.deepEqual(registryOrigins(registry, { ca: 'PEM' }), [`https://${registry}`]);
    }
    for (const registry of ['localhost', 'reg.example', '172.32.0.1', '11.0.0.1', '127.0.0.1.example', '8.8.8.8']) {
      assert.deepEqual(registryOrigins(registry, {}), [`https://${registry}`]);
    }
  });

  it('tries https first when insecure', () => {
    assert.deepEqual(registryOrigins('reg.example', { insecure: true }), ['https://reg.example', 'http://reg.example']);
  });
});

describe('imageTargets', () => {
  const sha256 = 'a'.repeat(64);

  it('lists each image once and skips other subjects', () => {
    const subjects = [
      { name: 'reg.example/bread:v1', digest: { sha256 } },
      { name: 'reg.example/bread', digest: { sha256, sha512: 'b'.repeat(128) } },
      { name: 'pkg:maven/com.x/y', digest: { sha256 } },
      { name: 'https://quay.io/org/app', digest: { sha256 } },
      { name: 'reg.example/jar', digest: { sha1: 'c'.repeat(40) } },
      { name: 'reg.example/odd', digest: { sha256: 'A'.repeat(64) } },
      { name: 'busybox', digest: { sha256 } },
    ];
    const names = imageTargets({ subjects }).map(({ repository, digest }) => `${repositoryName(repository)}@${digest}`);
    assert.deepEqual(names, [`reg.example/bread@sha256:${sha256}`, `index.docker.io/library/busybox@sha256:${sha256}`]);
  });
});
