// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordCase } from '../cases/case-objects.fixture.ts';
import {
  parseClusterSigningPolicy,
  parseClusterStorageBackend,
  parseProvenanceRecord,
  parseSigningPolicy,
  parseStorageBackend,
} from './parse.ts';

const clusterMetadata = {
  name: 'a',
  uid: 'u',
  resourceVersion: '7',
  generation: 1,
  creationTimestamp: '2026-01-31T12:00:00Z',
  managedFields: [],
};
const metadata = { ...clusterMetadata, namespace: 'team-a' };
const apiVersion = 'hallmark.dev/v1alpha1';
const signer = { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } };

const policy = { apiVersion, kind: 'SigningPolicy', metadata, spec: { signer } };
const clusterPolicy = {
  apiVersion,
  kind: 'ClusterSigningPolicy',
  metadata: clusterMetadata,
  spec: { signer, subjects: { allowedRepositories: ['*'] } },
};
const backend = { apiVersion, kind: 'StorageBackend', metadata, spec: { type: 'Tekton' } };
const clusterBackend = { ...backend, kind: 'ClusterStorageBackend', metadata: clusterMetadata };
const record = { ...recordCase({}), metadata };

describe('the parsers of stored objects', () => {
  it('return the object itself in its exact type', () => {
    assert.deepEqual(parseSigningPolicy(policy), { ok: true, value: policy });
    assert.deepEqual(parseClusterSigningPolicy(clusterPolicy), { ok: true, value: clusterPolicy });
    assert.deepEqual(parseStorageBackend(backend), { ok: true, value: backend });
    assert.deepEqual(parseClusterStorageBackend(clusterBackend), { ok: true, value: clusterBackend });
    assert.deepEqual(parseProvenanceRecord(record), { ok: true, value: record });
  });

  it('accept fields of a newer version and write no defaults', () => {
    const newer = { ...policy, spec: { signer, transparency: { type: 'None' } } };
    assert.deepEqual(parseSigningPolicy(newer), { ok: true, value: newer });
  });

  it('refuse another kind', () => {
    assert.deepEqual(parseStorageBackend(clusterBackend), {
      ok: false,
      message: 'kind: must be StorageBackend; metadata.namespace: must be set',
    });
  });

  it('report every problem in one line', () => {
    const broken = { ...policy, spec: { signer: { type: 'Key' }, record: { seconds: 1 } } };
    assert.deepEqual(parseSigningPolicy(broken), {
      ok: false,
      message:
        'spec.signer: key must be set when type is Key, and only then; spec.record: seconds must be set when retention is Seconds, and only then',
    });
  });

  it('refuse metadata without the fields that the API server sets', () => {
    const result = parseProvenanceRecord(recordCase({}));
    assert.ok(!result.ok);
    assert.match(result.message, /metadata\.uid: must be set/);
  });

  it('never throw', () => {
    for (const value of [
      undefined,
      null,
      3,
      'x',
      [],
      {},
      { spec: null },
      { ...policy, spec: [] },
      { ...policy, metadata: 'x' },
    ]) {
      assert.equal(parseSigningPolicy(value).ok, false);
      assert.equal(parseProvenanceRecord(value).ok, false);
    }
  });
});
