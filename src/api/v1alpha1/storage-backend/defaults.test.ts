// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, isObject } from '../../../json/fields.ts';
import { effectiveStorageBackendSpec } from './defaults.ts';
import type { StorageBackendSpec } from './schema.ts';

const authentication = { type: 'Secret', secretRef: { name: 'writer' } } as const;

/** The smallest settings of each type, by their member. */
const stores: Readonly<Record<string, StorageBackendSpec>> = {
  gcs: { type: 'GCS', gcs: { bucket: 'evidence', authentication } },
  s3: { type: 'S3', s3: { bucket: 'evidence', region: 'eu-west-1', authentication } },
  dynamodb: { type: 'DynamoDB', dynamodb: { table: 'evidence', region: 'eu-west-1', authentication } },
  firestore: { type: 'Firestore', firestore: { projectID: 'acme', collection: 'chains', authentication } },
  mongodb: {
    type: 'MongoDB',
    mongodb: { connectionSecretRef: { name: 'mongo' }, database: 'evidence', collection: 'chains' },
  },
  grafeas: { type: 'Grafeas', grafeas: { projectID: 'acme', authentication } },
  archivista: { type: 'Archivista', archivista: { url: 'https://archivista.example.com' } },
  kafka: { type: 'Kafka', kafka: { bootstrapServers: ['broker.example.com:9092'], topic: 'evidence' } },
};

function settings(spec: StorageBackendSpec, member: string): Readonly<Record<string, unknown>> {
  const settings = field(spec, member);
  assert.ok(isObject(settings));
  return settings;
}

describe('effectiveStorageBackendSpec', () => {
  it('fills in the defaults of Tekton', () => {
    assert.deepEqual(effectiveStorageBackendSpec({ type: 'Tekton' }), {
      type: 'Tekton',
      selector: {},
      artifacts: ['Attestation', 'ImageSignature'],
      keys: 'Reference',
      acceptFrom: [],
    });
  });

  it('fills in the defaults of OCI', () => {
    assert.deepEqual(effectiveStorageBackendSpec({ type: 'OCI', oci: { encoding: 'CosignTags' } }), {
      type: 'OCI',
      selector: {},
      artifacts: ['Attestation', 'ImageSignature'],
      keys: 'Reference',
      acceptFrom: [],
      oci: { encoding: 'CosignTags', authentication: { type: 'RunServiceAccount' }, tls: { insecure: false } },
    });
  });

  it('keeps what is set', () => {
    const oci = {
      encoding: 'CosignTags',
      repository: 'registry.example.com/evidence',
      authentication: { type: 'Secret', secretRef: { name: 'pull' } },
      tls: { caBundleRef: { name: 'ca' } },
    } as const;
    assert.deepEqual(effectiveStorageBackendSpec({ type: 'OCI', oci, artifacts: ['Attestation'] }), {
      type: 'OCI',
      selector: {},
      artifacts: ['Attestation'],
      keys: 'Reference',
      acceptFrom: [],
      oci: { ...oci, tls: { insecure: false, caBundleRef: { name: 'ca', key: 'ca.crt' } } },
    });
  });

  for (const [member, spec] of Object.entries(stores)) {
    it(`trusts the system's authorities for ${spec.type} by default`, () => {
      const effective = effectiveStorageBackendSpec(spec);
      assert.equal(effective.type, spec.type);
      assert.deepEqual(field(effective, member), { ...settings(spec, member), tls: { insecure: false } });
    });

    it(`reports that ${spec.type} lacks its member`, () => {
      const { type } = spec;
      assert.throws(() => effectiveStorageBackendSpec({ type }), {
        message: new RegExp(`^spec\\.${member} must be set`),
      });
    });
  }

  it('fills in the entry of a CA bundle', () => {
    const archivista = { url: 'https://archivista.example.com', tls: { caBundleRef: { name: 'ca' } } };
    const effective = effectiveStorageBackendSpec({ type: 'Archivista', archivista });
    const tls = { insecure: false, caBundleRef: { name: 'ca', key: 'ca.crt' } };
    assert.deepEqual(field(effective, 'archivista'), { ...archivista, tls });
  });
});
