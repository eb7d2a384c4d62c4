// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactFixture, imageFixture } from '../../evidence/artifact.fixture.ts';
import { runFixture } from '../run.fixture.ts';
import { objectStem, stemOf } from './object-names.ts';

describe('objectStem', () => {
  it('names the run, then the artifact', () => {
    assert.equal(objectStem(artifactFixture(), runFixture(), 'Reference'), 'taskrun-team-bake-1/taskrun-uid-1');
    assert.equal(objectStem(imageFixture(), runFixture(), 'Reference'), 'taskrun-team-bake-1/abababababab');
  });
});

describe('stemOf', () => {
  const bucket = 'gs://evidence';

  it('parses its own locations, also with a prefix', () => {
    for (const keys of ['Reference', 'PerPolicy'] as const) {
      const stem = objectStem(imageFixture(), runFixture(), keys);
      assert.equal(stemOf(`${bucket}/${stem}`, bucket), stem);
      assert.equal(stemOf(`${bucket}/a/b_c.d/${stem}`, bucket), `a/b_c.d/${stem}`);
    }
  });

  const strange = {
    'another bucket': 'gs://other/taskrun-team-bake-1/abababababab',
    'a bucket whose name begins alike': 'gs://evidence-2/taskrun-team-bake-1/abababababab',
    'the bucket alone': 'gs://evidence/',
    'an object that is no evidence': 'gs://evidence/backup/database',
    'a way up': 'gs://evidence/../taskrun-team-bake-1/abababababab',
    'a query': 'gs://evidence/taskrun-team-bake-1/abababababab?alt=media',
    'a line feed': 'gs://evidence/taskrun-team-bake-1/abababababab\n',
  };
  for (const [what, uri] of Object.entries(strange)) {
    it(`does not take ${what}`, () => {
      assert.equal(stemOf(uri, bucket), undefined);
    });
  }
});
