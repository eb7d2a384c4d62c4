// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { isWitnessed, needsSignature, wantsWitness } from './artifact-needs.ts';

const NOW = new Date('2026-01-01T00:05:00Z');
const unsigned: EvidenceArtifact = {
  name: 'attestation',
  type: 'Attestation',
  form: 'InTotoStatement',
  payloadType: 'application/vnd.in-toto+json',
  payload: '',
  payloadDigest: `sha256:${'0'.repeat(64)}`,
  subjectCount: 0,
  policyGeneration: 1,
};
const signed: EvidenceArtifact = { ...unsigned, signature: 'c2ln', keyID: 'id', publicKey: 'pem' };
const url = 'https://witness.example';
const timestamps = [{ url, time: '2026-01-01T00:01:00Z', token: 'dG9rZW4=' }];
const logEntries = [{ url, logIndex: '7', entry: '{}' }];

function certified(notAfter: string): EvidenceArtifact {
  const window = { notBefore: '2026-01-01T00:00:00Z', notAfter };
  return { ...signed, certificate: { chain: 'pem', identity: 'me', issuer: 'us', ...window } };
}

describe('needsSignature', () => {
  const rows: readonly (readonly [what: string, artifact: EvidenceArtifact, needs: boolean])[] = [
    ['an artifact without a signature', unsigned, true],
    ['a signature by a key', signed, false],
    ['a signature whose certificate holds', certified('2026-01-01T00:10:00Z'), false],
    ['a signature whose certificate ended unseen', certified('2026-01-01T00:04:00Z'), true],
    ['a signature whose certificate ends before a witness could answer', certified('2026-01-01T00:05:10Z'), true],
    ['a signature that was timestamped in time', { ...certified('2026-01-01T00:04:00Z'), timestamps }, false],
    ['a signature that was logged in time', { ...certified('2026-01-01T00:04:00Z'), logEntries }, false],
  ];
  for (const [what, artifact, needs] of rows) {
    it(`${needs ? 'signs' : 'keeps'} ${what}`, () => {
      assert.equal(needsSignature(artifact, NOW), needs);
    });
  }
});

describe('isWitnessed', () => {
  const rekor = { url, apiVersion: 1, onFailure: 'Retry' } as const;
  it('asks for everything that the policy names', () => {
    const both = { rekor, timestampAuthorities: [{ url }] };
    assert.equal(isWitnessed(signed, both), false);
    assert.equal(isWitnessed({ ...signed, timestamps }, both), false);
    assert.equal(isWitnessed({ ...signed, timestamps, logEntries }, both), true);
    assert.equal(isWitnessed({ ...signed, timestamps, logFailure: 'down' }, both), true);
  });

  it('asks for nothing where the policy names no witness', () => {
    assert.equal(wantsWitness({ timestampAuthorities: [] }), false);
    assert.equal(wantsWitness({ rekor, timestampAuthorities: [] }), true);
    assert.equal(isWitnessed(signed, { timestampAuthorities: [] }), true);
  });
});
