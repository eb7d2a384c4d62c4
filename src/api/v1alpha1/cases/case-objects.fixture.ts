// SPDX-License-Identifier: Apache-2.0
/** A part of a manifest. */
export type Fields = Readonly<Record<string, unknown>>;

const apiVersion = 'hallmark.dev/v1alpha1';
export const key = { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } };
export const anyRepository = { allowedRepositories: ['*'] };

export function policy(spec: Fields): Fields {
  return {
    apiVersion,
    kind: 'SigningPolicy',
    metadata: { name: 'case', namespace: 'default' },
    spec: { signer: key, ...spec },
  };
}

export function clusterPolicy(spec: Fields): Fields {
  return { apiVersion, kind: 'ClusterSigningPolicy', metadata: { name: 'case' }, spec: { signer: key, ...spec } };
}

export function backend(spec: Fields): Fields {
  return { apiVersion, kind: 'StorageBackend', metadata: { name: 'case', namespace: 'default' }, spec };
}

export function clusterBackend(spec: Fields): Fields {
  return { apiVersion, kind: 'ClusterStorageBackend', metadata: { name: 'case' }, spec };
}

export function ceiling(spec: Fields): Fields {
  return { apiVersion, kind: 'PolicyCeiling', metadata: { name: 'case' }, spec };
}

export function oci(settings: Fields): Fields {
  return { type: 'OCI', oci: { encoding: 'CosignTags', ...settings } };
}

export const recordSpec = {
  runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1', uid: '7d8f3c4e-0f57-4a39-9d0c-0a8f1a2b3c4d' },
  policyRef: { kind: 'SigningPolicy', name: 'builds' },
  outcome: 'Succeeded',
  completionTime: '2026-01-31T12:00:00Z',
  mode: 'Enforce',
  serviceAccountName: 'default',
};

export const digest = `sha256:${'0'.repeat(64)}`;

/** An unsigned artifact of a record. */
export const artifactCase = {
  name: 'attestation',
  type: 'Attestation',
  form: 'InTotoStatement',
  payloadType: 'application/vnd.in-toto+json',
  payload: 'e30=',
  payloadDigest: digest,
  subjectCount: 0,
  policyGeneration: 1,
};

/** Build a record; `overrides` replace fields of the object. */
export function recordCase(overrides: Fields): Fields {
  const metadata = { name: 'case', namespace: 'default' };
  return { apiVersion, kind: 'ProvenanceRecord', metadata, spec: recordSpec, ...overrides };
}
