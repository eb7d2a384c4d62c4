// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evidenceFixture, signedEvidenceFixture } from '../evidence/artifact.fixture.ts';
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/schema.ts';
import type { Transparency } from '../api/v1alpha1/signing-policy/defaults.ts';
import { hasClock, isWitnessed, needsSignature, wantedWitnesses } from './artifact-needs.ts';

const NOW = new Date('2026-01-01T00:05:00Z');
const unsigned = evidenceFixture();
const signed = signedEvidenceFixture();
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
    ['a signature whose certificate is valid', certified('2026-01-01T00:10:00Z'), false],
    ['a signature whose certificate ended without a witness', certified('2026-01-01T00:04:00Z'), true],
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

const retry = { url, apiVersion: 1, onFailure: 'Retry' } as const;

describe('a signature with a valid certificate and no witness', () => {
  const fresh = certified('2026-01-01T00:10:00Z');
  const policies: readonly (readonly [what: string, transparency: Transparency, needs: boolean])[] = [
    ['names no witness any more', { timestampAuthorities: [] }, true],
    ['only has a log that states no time', { rekor: { ...retry, apiVersion: 2 }, timestampAuthorities: [] }, true],
    [
      'may continue without its log',
      { rekor: { ...retry, onFailure: 'StoreWithout' }, timestampAuthorities: [] },
      true,
    ],
    ['has a log that states the time', { rekor: retry, timestampAuthorities: [] }, false],
    ['has a timestamp authority', { timestampAuthorities: [{ url }] }, false],
  ];
  for (const [what, transparency, needs] of policies) {
    it(`is ${needs ? 'made again' : 'kept'} when its policy ${what}`, () => {
      assert.equal(hasClock(transparency), !needs);
      assert.equal(needsSignature(fresh, NOW, transparency), needs);
      assert.equal(needsSignature(signed, NOW, transparency), false, 'of a key');
      assert.equal(needsSignature({ ...fresh, timestamps }, NOW, transparency), false, 'that was seen');
    });
  }
});

describe('isWitnessed', () => {
  it('requires every witness that the policy names', () => {
    const both = wantedWitnesses({ rekor: retry, timestampAuthorities: [{ url }] });
    assert.equal(isWitnessed(signed, both), false);
    assert.equal(isWitnessed({ ...signed, timestamps }, both), false);
    assert.equal(isWitnessed({ ...signed, logEntries }, both), false);
    assert.equal(isWitnessed({ ...signed, timestamps, logEntries }, both), true);
    assert.equal(isWitnessed({ ...signed, timestamps, logFailure: 'down' }, both), true);
  });

  it('requires none where the policy names no witness', () => {
    assert.deepEqual(wantedWitnesses({ rekor: retry, timestampAuthorities: [] }), ['Log']);
    assert.deepEqual(wantedWitnesses({ timestampAuthorities: [] }), []);
    assert.equal(isWitnessed(signed, []), true);
  });
});
