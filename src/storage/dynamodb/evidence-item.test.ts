// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signatureText } from '../../evidence/signature-text.ts';
import { artifactFixture } from '../../evidence/artifact.fixture.ts';
import { StorageError } from '../storage-error.ts';
import { evidenceItem, ownerItem, ownerOf, storedItem } from './evidence-item.ts';

const artifact = artifactFixture();
const item = evidenceItem(artifact, 'taskrun-uid-1');

describe('evidenceItem', () => {
  it("has the reference's fields and no others, and is read back", () => {
    assert.deepEqual(Object.keys(item), ['Name', 'Signed', 'Signature', 'Cert', 'Chain', 'Object']);
    const stored = storedItem(item);
    assert.deepEqual(stored?.payload, artifact.payload);
    assert.deepEqual(stored.signature, signatureText(artifact));
    assert.equal(stored.certificateChain, '');
  });

  it('is no evidence without payload or signature', () => {
    assert.equal(storedItem({ Name: { S: 'n' }, Signed: { B: artifact.payload } }), undefined);
    assert.equal(storedItem({ Name: { S: 'n' }, Signature: { S: 'c2ln' } }), undefined);
    assert.equal(storedItem({ ...item, Signature: { N: '1' } }), undefined);
  });
});

describe('ownerOf', () => {
  it('is the owner in the note about this exact item', () => {
    const note = ownerItem(item, 'me');
    assert.equal(note['Name']?.S, 'hallmark-owner/taskrun-uid-1');
    assert.equal(ownerOf(item, note), 'me');
  });

  it('is undefined without a note, or with one about an earlier signature', () => {
    const later = evidenceItem(artifactFixture({ signature: Buffer.from('later') }), 'taskrun-uid-1');
    assert.equal(ownerOf(item, undefined), undefined);
    assert.equal(ownerOf(later, ownerItem(item, 'me')), undefined);
  });
});

describe('an artifact that no item can hold', () => {
  for (const [what, payload, message] of [
    ['deeper nesting', '['.repeat(32) + ']'.repeat(32), /nested deeper than the 31 levels that DynamoDB takes/],
    ['a larger number', '{"a":[1e126]}', /the number 1e\+126 and DynamoDB holds/],
    ['a smaller number', '{"a":-1e-131}', /the number -1e-131/],
  ] as const) {
    it(`is refused: ${what}`, () => {
      const item = (): unknown => evidenceItem(artifactFixture({ payload: Buffer.from(payload) }), 'name');
      assert.throws(
        item,
        (error) => error instanceof StorageError && error.reason === 'BackendRejected' && message.test(error.message),
      );
    });
  }

  it('is no more than that', () => {
    const payload = `{"deep":${'['.repeat(30) + ']'.repeat(30)},"numbers":[0,-9.9e125,1e-130,9007199254740993]}`;
    const { Object: stored } = evidenceItem(artifactFixture({ payload: Buffer.from(payload) }), 'name');
    const numbers = stored?.M?.['numbers']?.L?.map(({ N }) => N);
    assert.deepEqual(numbers, ['0', '-9.9e+125', '1e-130', '9007199254740992']);
  });
});
