// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { droppedFixture } from './artifact.fixture.ts';
import { dsseEnvelope } from './dsse-envelope.ts';
import {
  fromEvidenceArtifact,
  heldArtifact,
  listedSubjects,
  requireSigned,
  toEvidenceArtifact,
  withPayload,
} from './evidence-artifact.ts';
import { EvidenceError } from './evidence-error.ts';
import { isLargePayload, MAX_PAYLOAD_BYTES, packAhead, packPayload, unpackPayload } from './packed-payload.ts';
import { dsse } from '@sigstore/core';
import { shortKey } from './short-key.ts';
import { signatureText } from './signature-text.ts';
import { signedBytes } from './signed-bytes.ts';
import type { SignedArtifact, Subject } from './artifact.ts';

const hex = 'ab'.repeat(32);

function attestation(subjects: readonly Subject[]): SignedArtifact {
  return {
    name: 'attestation',
    type: 'Attestation',
    form: 'InTotoStatement',
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: subjects })),
    subjects,
    signature: Buffer.from([1, 2, 3, 250]),
    keyID: 'SHA256:key',
    publicKey: 'PEM',
  };
}

const image: SignedArtifact = {
  name: 'image-abcdefabcdef',
  type: 'ImageSignature',
  form: 'SimpleSigning',
  payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  payload: Buffer.from(
    `{"critical":{"identity":{"docker-reference":"reg.example/bread"},"image":{"docker-manifest-digest":"sha256:${hex}"},"type":"cosign container image signature"},"optional":null}`,
  ),
  subjects: [{ name: 'reg.example/bread', digest: { sha256: hex } }],
  signature: Buffer.from([9, 8, 7]),
  keyID: 'SHA256:key',
  publicKey: 'PEM',
};

function reasonOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof EvidenceError);
    return error.reason;
  }
  return 'nothing thrown';
}

describe('the forms of a signed artifact', () => {
  it('is the envelope as the reference writes it, byte for byte', () => {
    assert.equal(
      dsseEnvelope({ payloadType: 't', payload: Buffer.from('{}'), keyID: 'SHA256:k', signature: Buffer.from('sig') }),
      '{"payloadType":"t","payload":"e30=","signatures":[{"keyid":"SHA256:k","sig":"c2ln"}]}',
    );
  });

  it('counts bytes, not characters, in the pre-authentication encoding', () => {
    assert.equal(dsse.preAuthEncoding('é', Buffer.from('ü')).toString(), 'DSSEv1 2 é 2 ü');
  });

  it('signs a statement in its encoding and an image payload as it is', () => {
    const statement = attestation([]);
    assert.deepEqual(signedBytes(statement), dsse.preAuthEncoding(statement.payloadType, statement.payload));
    assert.deepEqual(signedBytes(image), image.payload);
    assert.equal(signatureText(statement).toString(), dsseEnvelope(statement));
    assert.deepEqual(signatureText(image), image.signature);
  });

  it('files evidence under the names of the reference', () => {
    assert.equal(shortKey(attestation([]), { kind: 'PipelineRun', uid: 'u-1' }), 'pipelinerun-u-1');
    assert.equal(shortKey(attestation([]), { kind: 'TaskRun', uid: 'u-1' }), 'taskrun-u-1');
    assert.equal(shortKey(image, { kind: 'TaskRun', uid: 'u-1' }), hex.slice(0, 12));
  });
});

describe('an artifact in the record', () => {
  it('comes back as it went in, signed', () => {
    for (const artifact of [image, attestation([{ name: 'a', digest: { sha256: hex } }])]) {
      const recorded = { ...artifact, policyGeneration: 3 };
      assert.deepEqual(fromEvidenceArtifact(toEvidenceArtifact(recorded)), recorded);
    }
  });

  it('keeps all subjects in the payload while it lists the first ones', () => {
    const many = Array.from({ length: 100 }, (_, index) => ({ name: `reg/${index}`, digest: { sha256: hex } }));
    const stored = toEvidenceArtifact({
      ...attestation(many),
      policyGeneration: 1,
      warnings: ['w'.repeat(2000)],
    });
    assert.equal(stored.subjectCount, 100);
    assert.equal(stored.subjects?.length, 64);
    assert.equal(stored.subjects[0], `reg/0@sha256:${hex}`);
    assert.equal(stored.warnings?.[0]?.length, 1024);
    assert.equal(fromEvidenceArtifact(stored).subjects.length, 100);
  });

  it('can be signed later, and is not taken for signed before', () => {
    const { signature, keyID, publicKey, ...unsigned } = { ...image, policyGeneration: 1 };
    const read = fromEvidenceArtifact(toEvidenceArtifact(unsigned));
    assert.equal(
      reasonOf(() => requireSigned(read)),
      'PayloadInvalid',
    );
    assert.deepEqual(read, unsigned);
    const signed = { ...read, signature, keyID, publicKey };
    assert.deepEqual(requireSigned(fromEvidenceArtifact(toEvidenceArtifact(signed))), signed);
  });

  it('keeps the packed text of its payload, which another zlib may pack otherwise', () => {
    const stored = toEvidenceArtifact({ ...image, policyGeneration: 1 });
    const payload = gzipSync(image.payload, { level: 1 }).toString('base64');
    assert.notEqual(payload, stored.payload);
    assert.deepEqual(toEvidenceArtifact(fromEvidenceArtifact({ ...stored, payload })), { ...stored, payload });
  });

  it('is refused when its payload does not have the recorded digest', () => {
    const stored = toEvidenceArtifact({ ...image, policyGeneration: 1 });
    const swapped = { ...stored, payload: packPayload(Buffer.from('{}')) };
    assert.equal(
      reasonOf(() => fromEvidenceArtifact(swapped)),
      'PayloadInvalid',
    );
    assert.equal(
      reasonOf(() => fromEvidenceArtifact({ ...stored, form: 'InTotoStatement', payload: 'no gzip' })),
      'PayloadInvalid',
    );
  });
});

describe('a packed payload', () => {
  it('never unpacks to more than its bound', () => {
    const bomb = gzipSync(Buffer.alloc(MAX_PAYLOAD_BYTES + 1)).toString('base64');
    assert.equal(
      reasonOf(() => unpackPayload(bomb)),
      'PayloadTooLarge',
    );
    assert.equal(
      reasonOf(() => packPayload(Buffer.alloc(MAX_PAYLOAD_BYTES + 1))),
      'PayloadTooLarge',
    );
  });

  it('is refused when it does not fit a record', () => {
    assert.equal(
      reasonOf(() => packPayload(randomBytes(900_000))),
      'PayloadTooLarge',
    );
    const fits = randomBytes(700_000);
    assert.deepEqual(unpackPayload(packPayload(fits)), fits);
  });

  it('is the same where another thread packed it ahead, which happens once', async () => {
    const payload = Buffer.from('0123456789'.repeat(20_000));
    const twin = Buffer.from(payload);
    assert.equal(isLargePayload(payload), true);
    await packAhead(payload);
    assert.equal(isLargePayload(payload), false);
    assert.equal(packPayload(payload), packPayload(twin));
    assert.equal(isLargePayload(Buffer.alloc(100)), false);
  });

  it('that was packed ahead is refused all the same when it does not fit', async () => {
    const payload = randomBytes(900_000);
    await packAhead(payload);
    assert.equal(
      reasonOf(() => packPayload(payload)),
      'PayloadTooLarge',
    );
  });
});

describe('an artifact whose record dropped its payload', () => {
  const whole = attestation([{ name: 'reg.example/bread', digest: { sha256: hex } }]);
  const place = { kind: 'StorageBackend', name: 'b', uri: 'gs://b/o' } as const;
  const lighter = droppedFixture(toEvidenceArtifact({ ...whole, policyGeneration: 1 }), [place]);

  it('is whole again with the payload that was signed, and with no other one', () => {
    const held = heldArtifact(lighter);
    assert.equal(held.payload, undefined);
    const again = withPayload(held, whole.payload);
    assert.deepEqual([again.payload, again.subjects], [whole.payload, whole.subjects]);
    assert.deepEqual(signatureText(again), signatureText(whole));
    assert.equal(
      reasonOf(() => withPayload(held, Buffer.concat([whole.payload, Buffer.from(' ')]))),
      'PayloadInvalid',
    );
  });

  it('cannot be read as if it were whole', () => {
    assert.equal(
      reasonOf(() => fromEvidenceArtifact(lighter)),
      'PayloadInvalid',
    );
  });

  it('still lists its subjects', () => {
    assert.deepEqual(listedSubjects(lighter), whole.subjects);
    assert.deepEqual(listedSubjects({ ...lighter, subjects: ['reg.example/a@b@sha256:12'] }), [
      { name: 'reg.example/a@b', digest: { sha256: '12' } },
    ]);
  });
});
