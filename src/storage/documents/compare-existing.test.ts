// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signatureText } from '../../evidence/signature-text.ts';
import { evidenceOwner } from './evidence-name.ts';
import { imageFixture } from '../../evidence/artifact.fixture.ts';
import { runFixture } from '../run.fixture.ts';
import { compareExisting } from './compare-existing.ts';

const image = imageFixture();
const resigned = imageFixture({ signature: Buffer.from('another signature') });
const otherPayload = imageFixture({ payload: Buffer.from('{}') });
const owner = evidenceOwner(image, runFixture());
const signature = signatureText(image);

describe('compareExisting', () => {
  it('is the same where payload and signature are, whoever wrote them', () => {
    assert.equal(compareExisting({ owner, payload: image.payload, signature }, image, owner), 'Same');
    assert.equal(
      compareExisting({ owner: 'somebody/else/image', payload: image.payload, signature }, image, owner),
      'Same',
    );
    assert.equal(compareExisting({ payload: image.payload, signature }, image, owner), 'Same');
  });

  it("lets an owner's own earlier evidence be replaced, also where half of it is missing", () => {
    assert.equal(compareExisting({ owner, payload: image.payload, signature }, resigned, owner), 'Replaceable');
    assert.equal(compareExisting({ owner, payload: undefined, signature }, image, owner), 'Replaceable');
  });

  it('takes what the same policy signed of the same image for another run', () => {
    const pipeline = evidenceOwner(image, runFixture({ kind: 'PipelineRun', uid: 'uid-2' }));
    assert.equal(compareExisting({ owner: pipeline, payload: image.payload, signature }, resigned, owner), 'Same');
    assert.equal(
      compareExisting({ owner: pipeline, payload: image.payload, signature }, otherPayload, owner),
      'Foreign',
    );
  });

  it('leaves open whose another signature of the same payload is that nobody noted', () => {
    assert.equal(compareExisting({ payload: image.payload, signature }, resigned, owner), 'Unnoted');
  });

  it('never replaces what another policy or nobody signed for', () => {
    const policy = { kind: 'SigningPolicy', namespace: 'team', name: 'releases' } as const;
    const other = evidenceOwner(image, runFixture({ policy }));
    assert.equal(compareExisting({ owner: other, payload: image.payload, signature }, resigned, owner), 'Foreign');
    assert.equal(compareExisting({ payload: undefined, signature }, image, owner), 'Foreign');
  });
});
