// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseDigest } from './images/digest.ts';
import { gitUri } from './hints/git-hints.ts';
import { normaliseDuration } from './go/go-duration.ts';
import { normaliseQuantity } from './go/go-quantity.ts';
import { parseImageReference } from './images/image-reference.ts';

type Vector = Readonly<Record<string, unknown>>;

const file: unknown = JSON.parse(readFileSync(new URL('../../testdata/golden/vectors.json', import.meta.url), 'utf8'));

function isVector(value: unknown): value is Vector {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function vectors(group: string): readonly Vector[] {
  assert.ok(isVector(file));
  const entries = file[group];
  assert.ok(Array.isArray(entries) && entries.length > 0, group);
  return entries.filter(isVector);
}

describe('normalisation equals the reference', () => {
  for (const { input, output } of vectors('durations')) {
    it(`duration ${String(input)}`, () => {
      assert.equal(normaliseDuration(String(input)), output);
    });
  }
  for (const { input, output } of vectors('quantities')) {
    it(`quantity ${JSON.stringify(input)}`, () => {
      assert.equal(normaliseQuantity(String(input)), output);
    });
  }
  for (const { url, uri } of vectors('gitUri')) {
    it(`git URL ${JSON.stringify(url)}`, () => {
      assert.equal(gitUri(String(url)), uri);
    });
  }
  for (const { input, error, full, registry, repository, repositoryPath } of vectors('imageReferences')) {
    it(`image ${String(input).slice(0, 60)}`, () => {
      const image = parseImageReference(String(input));
      if (error === true) assert.equal(image, undefined);
      else {
        assert.ok(image);
        assert.equal(image.fullName, full);
        assert.equal(image.registry, registry);
        assert.equal(image.repository, repository);
        assert.equal(image.repositoryPath, repositoryPath);
      }
    });
  }
  for (const { input, error, algorithm, hex } of vectors('parseDigest')) {
    it(`digest ${JSON.stringify(input).slice(0, 40)}`, () => {
      assert.deepEqual(parseDigest(String(input)), error === true ? undefined : { algorithm, hex });
    });
  }
});

describe('names and digests that Go and JavaScript read differently', () => {
  const hex = '1'.repeat(64);
  const accepted = ['a"b.c', 'a<b>.c', 'a.b:1:2', '::1', 'a\u00a0b.c', 'a\u0085b.c', '[::1]', '[::1]:5000', 'a.b:'];
  for (const host of accepted) {
    it(`accepts the host ${JSON.stringify(host)}`, () => {
      assert.equal(parseImageReference(`${host}/x/y@sha256:${hex}`)?.repository, `${host}/x/y`);
    });
  }
  const refused = [
    'a\u001bb.c',
    'a\u0000.c',
    'a\u007f.c',
    'a b.c',
    '[a.b]',
    '[1.2.3.4]',
    '[:]',
    '[::1]x',
    'x[::1]',
    'a%41.c',
    'a.b:x',
  ];
  for (const host of refused) {
    it(`refuses the host ${JSON.stringify(host)}`, () => {
      assert.equal(parseImageReference(`${host}/x/y@sha256:${hex}`), undefined);
    });
  }

  it('counts `library/` towards the length of a Docker Hub name', () => {
    assert.notEqual(parseImageReference(`${'a'.repeat(247)}@sha256:${hex}`), undefined);
    assert.equal(parseImageReference(`${'a'.repeat(248)}@sha256:${hex}`), undefined);
    assert.notEqual(parseImageReference(`reg.example/${'a'.repeat(255)}@sha256:${hex}`), undefined);
  });

  it('trims quantities as Go does', () => {
    assert.equal(normaliseQuantity('\u00851024Mi'), '1Gi');
    assert.equal(normaliseQuantity('\ufeff1Gi'), undefined);
  });

  it('trims digests as Go does', () => {
    assert.deepEqual(parseDigest(`\u0085sha256:${hex}\u00a0`), { algorithm: 'sha256', hex });
    assert.equal(parseDigest(`\ufeffsha256:${hex}`), undefined);
  });
});
