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
  it('is Same for an equal payload and signature of any owner', () => {
    assert.equal(compareExisting({ owner, payload: image.payload, signature }, image, owner), 'Same');
    assert.equal(
      compareExisting({ owner: 'another/owner/image', payload: image.payload, signature }, image, owner),
      'Same',
    );
    assert.equal(compareExisting({ payload: image.payload, signature }, image, owner), 'Same');
  });

  it("is Replaceable for the owner's earlier evidence, also if half of it is missing", () => {
    assert.equal(compareExisting({ owner, payload: image.payload, signature }, resigned, owner), 'Replaceable');
    assert.equal(compareExisting({ owner, payload: undefined, signature }, image, owner), 'Replaceable');
  });

  it("accepts the same policy's signature of the same image for another run", () => {
    const pipeline = evidenceOwner(image, runFixture({ kind: 'PipelineRun', uid: 'uid-2' }));
    assert.equal(compareExisting({ owner: pipeline, payload: image.payload, signature }, resigned, owner), 'Same');
    assert.equal(
      compareExisting({ owner: pipeline, payload: image.payload, signature }, otherPayload, owner),
      'Foreign',
    );
  });

  it('is Unnoted for another signature of the same payload without a note', () => {
    assert.equal(compareExisting({ payload: image.payload, signature }, resigned, owner), 'Unnoted');
  });

  it('never replaces evidence of another policy, or without a note', () => {
    const policy = { kind: 'SigningPolicy', namespace: 'team', name: 'releases' } as const;
    const other = evidenceOwner(image, runFixture({ policy }));
    assert.equal(compareExisting({ owner: other, payload: image.payload, signature }, resigned, owner), 'Foreign');
    assert.equal(compareExisting({ payload: undefined, signature }, image, owner), 'Foreign');
  });
});
