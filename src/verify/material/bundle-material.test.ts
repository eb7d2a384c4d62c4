// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { isObject } from '../../json/fields.ts';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import { sigstoreBundleText } from '../../evidence/sigstore-bundle.ts';
import { bundleMaterial } from './bundle-material.ts';
import { envelopeMaterial } from './envelope-material.ts';
import { TestLog } from '../test-log.fixture.ts';
import { TestSigner } from '../test-signer.fixture.ts';
import { VerificationFailure } from '../verification-failure.ts';

const signer = new TestSigner();
const material = signer.envelope();
const attestation = signer.artifact(material);
const image = signer.artifact(signer.simpleSigning());
const entry = new TestLog().entry({ ...material, verifier: signer.key.publicKey, time: new Date() });
const logged = {
  ...attestation,
  logEntries: [{ url: 'u', logIndex: '0', entry: JSON.stringify(TransparencyLogEntry.toJSON(entry)) }],
};

type Bundle = Readonly<Record<string, unknown>> & { readonly verificationMaterial: Readonly<Record<string, unknown>> };

/** Returns the bundle with a change. */
function bundle(change: (bundle: Bundle) => object, of = attestation): string {
  const value: unknown = JSON.parse(sigstoreBundleText(of));
  assert.ok(isObject(value));
  const { verificationMaterial } = value;
  assert.ok(isObject(verificationMaterial));
  return JSON.stringify(change({ ...value, verificationMaterial }));
}

const within = (more: object) => (whole: Bundle) => ({
  ...whole,
  verificationMaterial: { ...whole.verificationMaterial, ...more },
});

function codeOf(read: () => unknown): string {
  try {
    read();
    return '';
  } catch (error) {
    assert.ok(error instanceof VerificationFailure, String(error));
    return error.code;
  }
}

describe('a Sigstore bundle', () => {
  it('is read in every known version, and in no other', () => {
    const versions = ['+json;version=0.1', '+json;version=0.2', '+json;version=0.3', '.v0.3+json'];
    for (const version of versions) {
      const mediaType = `application/vnd.dev.sigstore.bundle${version}`;
      const { payload, signature, logEntries } = bundleMaterial(bundle((whole) => ({ ...whole, mediaType }), logged));
      assert.deepEqual([payload, signature], [material.payload, material.signature]);
      assert.equal(logEntries.length, 1);
    }
    for (const version of ['.v0.4+json', '.v0.3+json; charset=utf-8', '+json;version=0.30', '']) {
      const mediaType = `application/vnd.dev.sigstore.bundle${version}`;
      assert.equal(
        codeOf(() => bundleMaterial(bundle((whole) => ({ ...whole, mediaType })))),
        'MaterialInvalid',
      );
    }
  });

  const rawBytes = Buffer.from('certificate').toString('base64');
  const { messageSignature } = bundleOf(image);
  for (const [title, text] of Object.entries({
    'with a key and a certificate': bundle(within({ certificate: { rawBytes } })),
    'with a key and a chain': bundle(within({ x509CertificateChain: { certificates: [{ rawBytes }] } })),
    'with neither': bundle(within({ publicKey: undefined })),
    'with a malformed key': bundle(within({ publicKey: 'hint' })),
    'with an envelope and a message': bundle((whole) => ({ ...whole, messageSignature })),
    'with neither envelope nor message': bundle((whole) => ({ ...whole, dsseEnvelope: undefined })),
    'with log entries that are not a list': bundle(within({ tlogEntries: {} })),
    'with a malformed log entry': bundle(within({ tlogEntries: ['entry'] })),
    'with a log entry of no kind': bundle(within({ tlogEntries: [{ logIndex: '1' }] })),
    'with timestamps that are not a list': bundle(within({ timestampVerificationData: { rfc3161Timestamps: 'none' } })),
    'with two envelopes': sigstoreBundleText(attestation).replace(
      '"dsseEnvelope":',
      '"dsseEnvelope":{},"dsseEnvelope":',
    ),
    'with two payloads': sigstoreBundleText(attestation).replace('"payload":', '"payload":"e30=","payload":'),
  })) {
    it(`is refused ${title}`, () => {
      assert.equal(
        codeOf(() => bundleMaterial(text, image.payload)),
        'MaterialInvalid',
      );
    });
  }
});

describe('a DSSE envelope', () => {
  it('is refused if it repeats its type or payload, in either order (CVE-2022-36056)', () => {
    const envelope = dsseEnvelope(attestation);
    assert.deepEqual(envelopeMaterial(envelope).payload, material.payload);
    for (const first of ['"payloadType":"text/plain",', '"payload":"e30=",', '"signatures":[],']) {
      assert.equal(
        codeOf(() => envelopeMaterial(envelope.replace('{', `{${first}`))),
        'MaterialInvalid',
      );
      assert.equal(
        codeOf(() => envelopeMaterial(envelope.replace(/\}$/, `,${first.slice(0, -1)}}`))),
        'MaterialInvalid',
      );
    }
  });

  it('is refused if its payload or signature is not in canonical standard base64', () => {
    const envelope = dsseEnvelope(attestation);
    const payload = material.payload.toString('base64');
    for (const other of [`${payload.slice(0, 4)}\\n${payload.slice(4)}`, ` ${payload}`, `${payload}!`, `${payload}A`]) {
      assert.equal(
        codeOf(() => envelopeMaterial(envelope.replace(payload, other))),
        'MaterialInvalid',
        other,
      );
    }
    const bytes = Buffer.from([0xfb, 0xff, 0xfe]);
    const url = envelope.replace(/"sig":"[^"]*"/, `"sig":"${bytes.toString('base64url')}"`);
    assert.equal(
      codeOf(() => envelopeMaterial(url)),
      'MaterialInvalid',
    );
  });
});

function bundleOf(artifact: typeof image): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(sigstoreBundleText(artifact));
  assert.ok(isObject(value));
  return value;
}
