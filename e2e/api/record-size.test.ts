// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { artifactCase, digest, recordSpec } from '../../src/api/v1alpha1/cases/case-objects.fixture.ts';
import { MAX_ARTIFACTS } from '../../src/api/v1alpha1/provenance-record/evidence.ts';
import type { EvidenceArtifact } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { MAX_BACKENDS } from '../../src/api/v1alpha1/provenance-record/spec.ts';
import { recordConditionTypes } from '../../src/api/v1alpha1/provenance-record/status.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import { type AskedOfEvidence, finalBytes, MAX_EVIDENCE_BYTES } from '../../src/records/evidence-size-limit.ts';
import type { BackendFact } from '../../src/records/status/record-facts.ts';
import { boundedEvidence } from '../../src/records/record-object.ts';
import { storageEntries } from '../../src/records/status/storage-entries.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { at } from '../chart/helm.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { type ApiUnderTest, installedCrds } from './installed-crds.ts';

/** `--max-request-bytes` of etcd. */
const ETCD_BYTES = 1.5 * 1024 * 1024;
const RECORDS = hallmarkResource('ProvenanceRecord');
const signal = new AbortController().signal;
const url = 'https://witness.example.com/a/b/c';
const time = '2026-01-31T12:00:00Z';
const longName = (index: number): string => `${index}-`.padEnd(253, 'n');

const key: AskedOfEvidence = {
  signer: { type: 'Key', key: { secretRef: { name: 'k' } } },
  transparency: { timestampAuthorities: [] },
};
const keyless: AskedOfEvidence = {
  signer: { type: 'Keyless', keyless: { fulcioURL: url, serviceAccountName: 'release-signer' } },
  transparency: {
    rekor: { url, apiVersion: 1, onFailure: 'Retry' },
    timestampAuthorities: [{ url: `${url}/1` }, { url: `${url}/2` }],
  },
};

function image(index: number, payloadLength: number): EvidenceArtifact {
  return {
    ...artifactCase,
    name: `image-statement-${String(index).padStart(12, '0')}`,
    type: 'ImageSignature',
    form: 'SigstoreStatement',
    payload: 'H'.repeat(payloadLength),
    payloadDigest: digest,
    subjects: [`registry.example.com/team/app-${index}@${digest}`],
  };
}

/** The most images that a record accepts, with payloads that fill it up. */
function fullest(asked: AskedOfEvidence): readonly EvidenceArtifact[] {
  const count = Math.min(MAX_ARTIFACTS, Math.floor(MAX_EVIDENCE_BYTES / finalBytes(image(100, 300), asked)));
  const of = (payloadLength: number) => Array.from({ length: count }, (_, index) => image(index, payloadLength));
  const bytes = of(0).reduce((sum, artifact) => sum + finalBytes(artifact, asked), 0);
  return of(Math.floor((MAX_EVIDENCE_BYTES - bytes) / count));
}

const signature = { signature: 's'.repeat(684), keyID: 'k'.repeat(50), publicKey: 'p'.repeat(1100) };
const certificate = {
  chain: 'c'.repeat(3800),
  identity: 'https://i.example.com',
  issuer: url,
  notBefore: time,
  notAfter: time,
};
const timestamps = ['1', '2'].map((name) => ({ url: `${url}/${name}`, time, token: 't'.repeat(5000) }));
const logEntries = [{ url, logIndex: '123456789', integratedTime: time, entry: 'e'.repeat(6000) }];

/** A backend that holds everything, and has much to say. */
function talkative(name: string): BackendFact {
  const message = 'm'.repeat(4096);
  const locations = Array.from({ length: MAX_ARTIFACTS }, (_, index) => ({
    uri: `oci://registry.example.com/${index}`.padEnd(400, 'u'),
    digest,
    artifact: `image-statement-${String(index).padStart(12, '0')}`,
  }));
  return {
    ...{ backendRef: { kind: 'ClusterStorageBackend', name }, state: 'Stored', locations },
    ...{
      problem: { reason: 'VerificationFailed', message },
      storedTime: time,
      attempts: 1_000_000,
      nextAttemptTime: time,
    },
    ...{ artifacts: ['Attestation', 'ImageSignature'], verification: { state: 'Failed', message } },
  };
}

describe('the largest ProvenanceRecord', () => {
  let api: ApiUnderTest;
  let client: KubeClient;
  before(async () => {
    api = await installedCrds('api-record-size');
    client = adminClient(api.plane);
  });
  after(() => api.stop());

  const rows = [
    ['a key', key, [signature]],
    [
      'a certificate, a log and two timestamp authorities',
      keyless,
      [{ ...signature, certificate }, { timestamps }, { logEntries }],
    ],
  ] as const;
  for (const [name, asked, gains] of rows) {
    it(`of a policy with ${name} is taken with all that it gains, and the status of as many backends as it can have`, async () => {
      const metadata = { namespace: 'default', name: `largest-${gains.length}` };
      const backendRefs = Array.from({ length: MAX_BACKENDS }, (_, index) => ({
        kind: 'ClusterStorageBackend',
        name: longName(index),
        uid: recordSpec.runRef.uid,
      }));
      const spec = { ...recordSpec, backendRefs };
      let artifacts = fullest(asked);
      assert.equal(boundedEvidence({ artifacts }, asked).problem, undefined);
      const made = { metadata, spec, evidence: { artifacts, seal: 'v1:0' } };
      await client.create(RECORDS, made, { signal });
      for (const gain of gains) {
        artifacts = artifacts.map((artifact) => ({ ...artifact, ...gain }));
        const patch = { metadata, evidence: { artifacts, seal: 'v1:0' } };
        await client.mergePatch(RECORDS, patch, { signal });
      }
      const before = await client.find(RECORDS, metadata, { signal });
      const resourceVersion = String(at(before, 'metadata', 'resourceVersion'));
      const object = { metadata: { ...metadata, resourceVersion }, status: fullStatus() };
      const written = await client.replaceStatus(RECORDS, object, { signal });
      const bytes = Buffer.byteLength(JSON.stringify(written));
      assert.ok(bytes < ETCD_BYTES, `${bytes} bytes`);
      assert.ok(bytes > 0.75 * ETCD_BYTES, `${bytes} bytes are not the most that there can be`);
    });
  }

  function fullStatus(): object {
    const message = 'm'.repeat(4096);
    const facts = Array.from({ length: MAX_BACKENDS }, (_, index) => talkative(longName(index)));
    const conditions = recordConditionTypes.map((type) => ({
      ...{
        type,
        status: 'False',
        observedGeneration: 1,
        lastTransitionTime: time,
        reason: 'VerificationFailed',
        message,
      },
    }));
    return { observedGeneration: 1, conditions, storage: storageEntries(facts), stored: '128/128', message };
  }
});
