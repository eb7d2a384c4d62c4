// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { dsseEnvelope } from '../evidence/dsse-envelope.ts';
import { signatureText } from '../evidence/signature-text.ts';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { sigstoreBundleText } from '../evidence/sigstore-bundle.ts';
import { parseTrustedRoot } from '../trust/parse-trusted-root.ts';
import type { Material } from './material/material.ts';
import { TestLog } from './test-log.fixture.ts';
import { NOW, statement, TestSigner } from './test-signer.fixture.ts';
import type { StoredMaterial, StoredTrust } from './verify-stored.ts';
import { verifyStored } from './verify-stored.ts';

const signer = new TestSigner();
const log = new TestLog();
const trustedRoot = parseTrustedRoot(JSON.stringify({ tlogs: [log.trust] }), 'the test');
const trust: StoredTrust = { keys: [signer.key], requireLog: false, requireTimestamp: false, now: NOW };

const attestation = signer.artifact(signer.envelope());
const image = signer.artifact(signer.simpleSigning());

/** Adds an entry of the log to the artifact. */
function logged(artifact: SignedArtifact, material: Material): SignedArtifact {
  const entry = log.entry({ ...material, verifier: signer.key.publicKey, time: NOW });
  const text = JSON.stringify(TransparencyLogEntry.toJSON(entry));
  return { ...artifact, logEntries: [{ url: 'https://log.example', logIndex: entry.logIndex, entry: text }] };
}

function asText(artifact: SignedArtifact): StoredMaterial {
  return { payload: artifact.payload, signature: signatureText(artifact), encoding: 'SignatureText' };
}

function asBundle(artifact: SignedArtifact): StoredMaterial {
  const signature = Buffer.from(sigstoreBundleText(artifact));
  return { payload: artifact.payload, signature, encoding: 'SigstoreBundle' };
}

function codes(stored: StoredMaterial, expected: SignedArtifact, more: Partial<StoredTrust> = {}): readonly string[] {
  return verifyStored(stored, expected, { ...trust, ...more }).map(({ code }) => code);
}

describe('evidence that was read back', () => {
  for (const [title, artifact] of [
    ['a statement', attestation],
    ['an image signature', image],
  ] as const) {
    it(`is well when it is ${title} as it was signed, as text and as a bundle`, () => {
      assert.deepEqual(codes(asText(artifact), artifact), []);
      assert.deepEqual(codes(asBundle(artifact), artifact), []);
    });
  }

  it('must carry the log entry in a bundle, and uses that of the record with a signature text', () => {
    const artifact = logged(attestation, signer.envelope());
    const requiring = { requireLog: true, trustedRoot };
    const sound = logged(attestation, {
      ...signer.envelope(),
      payload: attestation.payload,
      signature: attestation.signature,
    });
    assert.deepEqual(codes(asText(sound), sound, requiring), []);
    assert.deepEqual(codes(asBundle(sound), sound, requiring), []);
    assert.deepEqual(codes(asBundle(attestation), sound, requiring), ['NotWhatWasSigned']);
    assert.deepEqual(codes(asText(artifact), artifact, requiring), ['LogEntryInvalid']);
    assert.deepEqual(codes(asText(attestation), attestation, requiring), ['LogEntryMissing']);
  });

  it('is refused if it differs from the signed artifact, although it verifies by itself', () => {
    const other = signer.artifact(signer.envelope(statement(['b'.repeat(64)])));
    assert.deepEqual(codes(asText(other), attestation), ['NotWhatWasSigned', 'NotWhatWasSigned']);
    assert.deepEqual(codes(asBundle(other), attestation), ['NotWhatWasSigned', 'NotWhatWasSigned']);
    const again = signer.artifact(signer.envelope(attestation.payload));
    assert.deepEqual(codes(asText(again), attestation), ['NotWhatWasSigned']);
    assert.deepEqual(codes({ ...asText(attestation), payload: Buffer.from('{}') }, attestation), ['NotWhatWasSigned']);
    assert.deepEqual(codes(asText(image), attestation), ['MaterialInvalid']);
  });

  it('must have exactly one signature', () => {
    const envelope = dsseEnvelope(attestation);
    const second = envelope.replace(']}', ',{"keyid":"k","sig":"AA=="}]}');
    assert.deepEqual(codes({ ...asText(attestation), signature: Buffer.from(second) }, attestation), [
      'MaterialInvalid',
    ]);
    const none = envelope.replace(/"signatures":\[.*\]/, '"signatures":[]');
    assert.deepEqual(codes({ ...asText(attestation), signature: Buffer.from(none) }, attestation), ['MaterialInvalid']);
    const bundle = sigstoreBundleText(attestation).replace(/"signatures":\[(\{[^}]*\})\]/, '"signatures":[$1,$1]');
    assert.deepEqual(codes({ ...asBundle(attestation), signature: Buffer.from(bundle) }, attestation), [
      'MaterialInvalid',
    ]);
  });

  it('is refused once its key is no longer accepted', () => {
    assert.deepEqual(codes(asText(attestation), attestation, { keys: [new TestSigner().key] }), ['SignatureInvalid']);
    assert.deepEqual(codes(asText(attestation), attestation, { keys: [] }), ['TrustMissing']);
    const ended = { keys: [{ ...signer.key, notAfter: new Date(NOW.getTime() - 1) }] };
    assert.deepEqual(codes(asText(attestation), attestation, ended), ['KeyOutsideWindow']);
    const known = { ...ended, signedAt: new Date(NOW.getTime() - 60_000) };
    assert.deepEqual(codes(asText(attestation), attestation, known), []);
  });

  it('is refused if it is empty, truncated, or not base64', () => {
    const envelope = dsseEnvelope(attestation);
    for (const text of ['', '{}', 'null', envelope.slice(0, -3), envelope.replace('"sig":"', '"sig":" '), '[]']) {
      assert.deepEqual(codes({ ...asText(attestation), signature: Buffer.from(text) }, attestation), [
        'MaterialInvalid',
      ]);
    }
    for (const text of ['', '{}', sigstoreBundleText(attestation).slice(0, -5)]) {
      const stored = { ...asBundle(attestation), signature: Buffer.from(text) };
      assert.deepEqual(codes(stored, attestation), ['MaterialInvalid']);
    }
    const damaged = { ...attestation, logEntries: [{ url: 'u', logIndex: '1', entry: '{' }] };
    assert.deepEqual(codes(asText(attestation), damaged), ['MaterialInvalid']);
    assert.deepEqual(codes(asText(image), { ...image, payload: Buffer.from('{}') }), ['NotWhatWasSigned']);
  });

  it('in a bundle must cover the payload that is stored with it', () => {
    const stored = { ...asBundle(image), payload: Buffer.from('{}') };
    assert.deepEqual(codes(stored, image), ['PayloadInvalid']);
  });
});
