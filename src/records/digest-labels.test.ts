// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evidenceFixture } from '../evidence/artifact.fixture.ts';
import { digestLabel, digestLabels, INDEXED_LABEL } from './digest-labels.ts';

const hex = (index: number): string => index.toString(16).padStart(3, '0').padEnd(64, 'f');
const about = (subjects: readonly string[], subjectCount = subjects.length) =>
  evidenceFixture({ subjects, subjectCount });

describe('the labels for digests', () => {
  it('name each digest once, in the characters that a label may have', () => {
    const sha512 = 'c'.repeat(128);
    const labels = digestLabels([
      about([`reg.example/a@sha256:${hex(10)}`, `reg.example/b@sha256:${hex(10)}`]),
      about([`reg.example/c@sha512:${sha512}`]),
    ]);
    assert.deepEqual(labels, {
      [digestLabel(hex(10))]: 'sha256',
      [digestLabel(sha512)]: 'sha512',
      [INDEXED_LABEL]: 'Indexed',
    });
    for (const label of Object.keys(labels))
      assert.match(label, /^[a-z.]{1,253}\/[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
  });

  it('are none for a record without artifacts, which may get some later', () => {
    assert.deepEqual(digestLabels([]), {});
  });

  it('call a record without subjects indexed', () => {
    assert.deepEqual(digestLabels([about([])]), { [INDEXED_LABEL]: 'Indexed' });
  });

  const partial: readonly (readonly [string, ReturnType<typeof about>])[] = [
    ['lists only some of its subjects', about([`a@sha256:${hex(1)}`], 65)],
    ['had to cut a digest off', about([`a@sha256:${hex(1)}`, `${'n'.repeat(90)}…`])],
  ];
  for (const [what, artifact] of partial) {
    it(`do not call a record indexed that ${what}`, () => {
      assert.deepEqual(digestLabels([artifact]), { [digestLabel(hex(1))]: 'sha256' });
    });
  }

  it('are at most 64, and the rest is left to those who read the evidence', () => {
    const many = Array.from({ length: 40 }, (_, index) => `a@sha256:${hex(index)}`);
    const more = Array.from({ length: 40 }, (_, index) => `a@sha256:${hex(100 + index)}`);
    const labels = digestLabels([about(many), about(more)]);
    assert.equal(Object.keys(labels).length, 64);
    assert.equal(labels[INDEXED_LABEL], undefined);
  });
});
