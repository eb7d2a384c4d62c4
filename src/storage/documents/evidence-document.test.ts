// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactFixture } from '../../evidence/artifact.fixture.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { evidenceDocument, notedOwner, ownerNote } from './evidence-document.ts';

function artifact(payload: string): SignedArtifact {
  return artifactFixture({ payload: Buffer.from(payload) });
}

describe('evidenceDocument', () => {
  const limits = { store: 'this store', maxDepth: 3 };

  it("has the reference's fields, certificates empty with a key signer", () => {
    const document = evidenceDocument(artifact('{"a":[{"b":1}]}'), 'name', limits);
    assert.deepEqual(Object.keys(document), ['Name', 'Signed', 'Signature', 'Cert', 'Chain', 'Object']);
    assert.deepEqual([document.Cert, document.Chain], ['', '']);
    assert.deepEqual(document.Object, { a: [{ b: 1 }] });
    assert.match(Buffer.from(document.Signature, 'base64').toString(), /^\{"payloadType":"application\/vnd/);
  });

  it('counts nesting outside of strings only', () => {
    assert.doesNotThrow(() => evidenceDocument(artifact('{"a":"[[[[{{{{\\"[[[["}'), 'name', limits));
    assert.throws(() => evidenceDocument(artifact('[[[[1]]]]'), 'name', limits), { reason: 'BackendRejected' });
  });

  it('does not walk a value that is too deep', () => {
    const deep = '['.repeat(500_000);
    assert.throws(() => evidenceDocument(artifact(deep), 'name', limits), /the 3 levels that this store takes/);
  });
});

describe('notedOwner', () => {
  it('uses a note only for the signature that it is about', () => {
    const note = ownerNote('uid/policy/attestation', 'signature');
    assert.equal(notedOwner(note, 'signature'), 'uid/policy/attestation');
    assert.equal(notedOwner(note, 'another'), undefined);
    assert.equal(notedOwner(undefined, 'signature'), undefined);
  });
});
