// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signatureText } from '../../evidence/signature-text.ts';
import { artifactFixture } from '../evidence.fixture.ts';
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
  it('is who was noted beside this very item', () => {
    const beside = ownerItem(item, 'me');
    assert.equal(beside['Name']?.S, 'hallmark-owner/taskrun-uid-1');
    assert.equal(ownerOf(item, beside), 'me');
  });

  it('is nobody without a note, or with one about an earlier signature', () => {
    const later = evidenceItem(artifactFixture({ signature: Buffer.from('later') }), 'taskrun-uid-1');
    assert.equal(ownerOf(item, undefined), undefined);
    assert.equal(ownerOf(later, ownerItem(item, 'me')), undefined);
  });
});
