// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveStorageBackendSpec } from './defaults.ts';

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
});
