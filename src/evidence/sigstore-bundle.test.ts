// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { EvidenceError } from './evidence-error.ts';
import type { SignedArtifact } from './artifact.ts';
import { parseSigstoreBundle, sigstoreBundleText } from './sigstore-bundle.ts';

const Vectors = Compile(
  Type.Object({
    signers: Type.Array(
      Type.Object({
        secretFile: Type.String(),
        curve: Type.String(),
        publicKeyPem: Type.String(),
        sigstoreBundle: Type.Object({
          dsseEnvelope: Type.Object({
            payload: Type.String(),
            payloadType: Type.String(),
            signatures: Type.Array(Type.Object({ sig: Type.String() })),
          }),
        }),
      }),
    ),
  }),
);
const golden = new URL('../../testdata/golden/signing-vectors.json', import.meta.url);
const { signers } = Vectors.Parse(JSON.parse(readFileSync(golden, 'utf8')));

describe('sigstoreBundleText', () => {
  for (const { secretFile, curve, publicKeyPem, sigstoreBundle } of signers) {
    it(`writes the reference's bundle for a signature by ${secretFile} ${curve}`, () => {
      const { payload, payloadType, signatures } = sigstoreBundle.dsseEnvelope;
      const artifact: SignedArtifact = {
        name: 'attestation',
        type: 'Attestation',
        form: 'InTotoStatement',
        payloadType,
        payload: Buffer.from(payload, 'base64'),
        subjects: [],
        signature: Buffer.from(signatures[0]?.sig ?? '', 'base64'),
        keyID: 'SHA256:x',
        publicKey: publicKeyPem,
      };
      const text = sigstoreBundleText(artifact);
      assert.deepEqual(JSON.parse(text), sigstoreBundle);
      assert.equal(JSON.stringify(JSON.parse(text)), text, 'compact');
      assert.equal(parseSigstoreBundle(text).content.$case, 'dsseEnvelope');
    });
  }
});

describe('parseSigstoreBundle', () => {
  for (const text of ['', '{', '[]', '{}', '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}']) {
    it(`refuses ${text === '' ? 'nothing' : text}`, () => {
      assert.throws(() => parseSigstoreBundle(text), EvidenceError);
    });
  }
});
