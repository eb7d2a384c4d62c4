// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/schema.ts';
import { type AskedOfEvidence, finalBytes, MAX_EVIDENCE_BYTES } from './evidence-size-limit.ts';
import { boundedEvidence } from './record-object.ts';

const url = 'https://rekor.sigstore.dev';
const key: AskedOfEvidence = {
  signer: { type: 'Key', key: { secretRef: { name: 'k' } } },
  transparency: { timestampAuthorities: [] },
};
const rekor = { url, apiVersion: 1, onFailure: 'Retry' } as const;
const logged: AskedOfEvidence = { ...key, transparency: { rekor, timestampAuthorities: [] } };
const stamped: AskedOfEvidence = { ...key, transparency: { timestampAuthorities: [{ url }] } };
const keyless: AskedOfEvidence = {
  signer: { type: 'Keyless', keyless: { fulcioURL: url, serviceAccountName: 'release-signer' } },
  transparency: { rekor, timestampAuthorities: [{ url }] },
};

/** An artifact like that of one image. */
function imageSignature(index: number, payload = 'H'.repeat(300)): EvidenceArtifact {
  return {
    name: `image-${String(index).padStart(12, '0')}`,
    type: 'ImageSignature',
    form: 'SimpleSigning',
    payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    payload,
    payloadDigest: `sha256:${'0'.repeat(64)}`,
    subjects: [`registry.example.com/team/app-${index}@sha256:${'a'.repeat(64)}`],
    subjectCount: 1,
    policyGeneration: 1,
  };
}

function images(count: number): readonly EvidenceArtifact[] {
  return Array.from({ length: count }, (_, index) => imageSignature(index));
}

describe('boundedEvidence', () => {
  const rows: readonly (readonly [policy: string, asked: AskedOfEvidence, fits: number, doesNot: number])[] = [
    ['a key alone', key, 256, 257],
    ['a key and a log', logged, 110, 120],
    ['a key and a timestamp authority', stamped, 110, 140],
    ['a certificate, a log and a timestamp authority', keyless, 55, 70],
  ];
  for (const [policy, asked, fits, doesNot] of rows) {
    it(`keeps room for what ${policy} will add: ${fits} images go into a record, ${doesNot} do not`, () => {
      assert.equal(boundedEvidence({ artifacts: images(fits) }, asked).problem, undefined);
      const { artifacts, problem } = boundedEvidence({ artifacts: images(doesNot) }, asked);
      assert.deepEqual(artifacts, []);
      assert.equal(problem?.reason, 'PayloadTooLarge');
      assert.match(
        problem.message,
        /turn off deepInspection or imageSignatures\.indexChildren, or have the run state fewer/,
      );
    });
  }

  it('counts bytes, not characters', () => {
    const third = Math.ceil(MAX_EVIDENCE_BYTES / 3);
    const artifact = { ...imageSignature(0), warnings: ['€'.repeat(third)] };
    assert.equal(boundedEvidence({ artifacts: [artifact] }, key).problem?.reason, 'PayloadTooLarge');
    const ascii = { ...artifact, warnings: ['e'.repeat(third)] };
    assert.equal(boundedEvidence({ artifacts: [ascii] }, key).problem, undefined);
  });

  it('accepts one payload of the maximum size, with a certificate, a log and a timestamp', () => {
    const { problem } = boundedEvidence({ artifacts: [imageSignature(0, 'H'.repeat(1_048_576))] }, keyless);
    assert.equal(problem, undefined);
  });
});

describe('finalBytes', () => {
  /** With the sizes of the public instances. */
  const certificate = {
    chain: 'c'.repeat(3000),
    identity: 'https://kubernetes.io/namespaces/team-a/serviceaccounts/release-signer',
    issuer: 'https://kubernetes.default.svc',
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2026-01-01T00:10:00Z',
  };
  const signature = { signature: 's'.repeat(684), keyID: `SHA256:${'k'.repeat(43)}`, publicKey: 'p'.repeat(800) };
  const logEntries = [{ url, logIndex: '123456789', integratedTime: '2026-01-01T00:00:01Z', entry: 'e'.repeat(5500) }];
  const timestamps = [{ url, time: '2026-01-01T00:00:01Z', token: 't'.repeat(4800) }];

  it('stays the same or shrinks with everything that an artifact gains', () => {
    let artifact = imageSignature(0);
    let before = finalBytes(artifact, keyless);
    for (const gain of [{ ...signature, certificate }, { timestamps }, { logEntries }]) {
      artifact = { ...artifact, ...gain };
      const after = finalBytes(artifact, keyless);
      assert.ok(after <= before, `${Object.keys(gain).join(', ')}: ${after} after ${before}`);
      before = after;
    }
    assert.ok(Buffer.byteLength(JSON.stringify(artifact)) < before);
  });
});
