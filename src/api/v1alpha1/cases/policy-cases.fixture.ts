// SPDX-License-Identifier: Apache-2.0
import type { RefusedManifest } from './case.fixture.ts';
import { anyRepository, clusterPolicy, policy } from './case-objects.fixture.ts';

const timeRule = {
  message: 'must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z',
  serverMessage: 'must be of type date-time',
};

/** Policies that must be refused. */
export const policyCases: readonly RefusedManifest[] = [
  {
    name: 'no signer',
    manifest: policy({ signer: undefined }),
    path: 'spec.signer',
    message: 'must be set',
    serverMessage: 'spec.signer: Required value',
  },
  {
    name: 'nothing to sign',
    manifest: policy({ attestation: { format: 'None' }, imageSignatures: { formats: [] } }),
    path: 'spec',
    message: 'attestation.format None and empty imageSignatures.formats leave nothing to sign: set one of them',
  },
  {
    name: 'an unknown format',
    manifest: policy({ attestation: { format: 'slsa/v2' } }),
    path: 'spec.attestation.format',
    message: 'must be slsa/v2alpha4 or slsa/v2alpha3 or slsa/v1 or in-toto or None',
    serverMessage: 'Unsupported value: "slsa/v2"',
  },
  {
    name: 'an unknown build type',
    manifest: policy({ attestation: { buildType: 'https://example.com' } }),
    path: 'spec.attestation.buildType',
    message: 'must be https://tekton.dev/chains/v2/slsa or https://tekton.dev/chains/v2/slsa-tekton',
    serverMessage: 'Unsupported value: "https://example.com"',
  },
  {
    name: 'an empty builder id',
    manifest: policy({ attestation: { builderID: '' } }),
    path: 'spec.attestation.builderID',
    message: 'must NOT have fewer than 1 characters',
    serverMessage: 'should be at least 1 chars long',
  },
  {
    name: 'an unknown image signature',
    manifest: policy({ imageSignatures: { formats: ['Notary'] } }),
    path: 'spec.imageSignatures.formats[0]',
    message: 'must be SimpleSigning or SigstoreStatement',
    serverMessage: 'supported values: "SimpleSigning", "SigstoreStatement"',
  },
  {
    name: 'a word for whether the images of an index are signed',
    manifest: policy({ imageSignatures: { indexChildren: 'Always' } }),
    path: 'spec.imageSignatures.indexChildren',
    message: 'must be of type boolean',
    serverMessage: 'must be of type boolean',
  },
  {
    name: 'a kind twice',
    manifest: policy({ runs: { kinds: ['TaskRun', 'TaskRun'] } }),
    path: 'spec.runs.kinds',
    message: 'must not hold "TaskRun" twice',
    serverMessage: 'Duplicate value: "TaskRun"',
  },
  {
    name: 'no kinds',
    manifest: policy({ runs: { kinds: [] } }),
    path: 'spec.runs.kinds',
    message: 'must NOT have fewer than 1 items',
    serverMessage: 'should have at least 1 items',
  },
  {
    name: 'an unknown outcome',
    manifest: policy({ runs: { outcomes: ['Done'] } }),
    path: 'spec.runs.outcomes[0]',
    message: 'must be Succeeded or Failed or Cancelled',
    serverMessage: 'Unsupported value: "Done"',
  },
  ...[
    'yesterday',
    '2026-01-31',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00:00+0200',
    '2026-02-30T12:00:00Z',
    '2016-12-31T23:59:60Z',
  ].map((finishedAfter) => ({
    name: `the time ${finishedAfter}`,
    manifest: policy({ runs: { finishedAfter } }),
    path: 'spec.runs.finishedAfter',
    ...timeRule,
  })),
  {
    name: 'a backend of another kind',
    manifest: policy({ backendRefs: [{ kind: 'Backend', name: 'platform' }] }),
    path: 'spec.backendRefs[0].kind',
    message: 'must be StorageBackend or ClusterStorageBackend',
    serverMessage: 'supported values: "StorageBackend", "ClusterStorageBackend"',
  },
  {
    name: 'a namespaced backend from a cluster policy',
    manifest: clusterPolicy({ subjects: anyRepository, backendRefs: [{ kind: 'StorageBackend', name: 'registry' }] }),
    path: 'spec.backendRefs[0].kind',
    message: 'must be ClusterStorageBackend',
    serverMessage: 'supported values: "ClusterStorageBackend"',
  },
  {
    name: 'a backend twice',
    manifest: policy({
      backendRefs: [
        { kind: 'StorageBackend', name: 'registry' },
        { kind: 'StorageBackend', name: 'registry' },
      ],
    }),
    path: 'spec.backendRefs',
    message: 'must not hold ["StorageBackend","registry"] twice',
    serverMessage: 'Duplicate value: {"kind":"StorageBackend","name":"registry"}',
  },
  {
    name: 'an unknown mode',
    manifest: policy({ mode: 'Warn' }),
    path: 'spec.mode',
    message: 'must be Enforce or Audit',
    serverMessage: 'supported values: "Enforce", "Audit"',
  },
  {
    name: 'suspend as text',
    manifest: policy({ suspend: 'true' }),
    path: 'spec.suspend',
    message: 'must be of type boolean',
    serverMessage: 'must be of type boolean',
  },
  {
    name: 'retention Seconds without seconds',
    manifest: policy({ record: { retention: 'Seconds' } }),
    path: 'spec.record',
    message: 'seconds must be set when retention is Seconds, and only then',
  },
  {
    name: 'seconds without retention Seconds',
    manifest: policy({ record: { seconds: 60 } }),
    path: 'spec.record',
    message: 'seconds must be set when retention is Seconds, and only then',
  },
  {
    name: 'no seconds at all',
    manifest: policy({ record: { retention: 'Seconds', seconds: 0 } }),
    path: 'spec.record.seconds',
    message: 'must be >= 1',
    serverMessage: 'should be greater than or equal to 1',
  },
  {
    name: 'a cluster policy for any repository by omission',
    manifest: clusterPolicy({}),
    path: 'spec.subjects',
    message: 'must be set',
    serverMessage: 'spec.subjects: Required value',
  },
  {
    name: 'an unknown answer to ignored subjects',
    manifest: policy({ subjects: { onIgnored: 'Ignore' } }),
    path: 'spec.subjects.onIgnored',
    message: 'must be Warn or Refuse',
    serverMessage: 'Unsupported value: "Ignore"',
  },
  {
    name: 'an unknown answer to missing children',
    manifest: policy({ children: { onMissing: 'Wait' } }),
    path: 'spec.children.onMissing',
    message: 'must be Warn or Refuse',
    serverMessage: 'Unsupported value: "Wait"',
  },
  {
    name: 'a cluster policy for no repository',
    manifest: clusterPolicy({ subjects: { allowedRepositories: [] } }),
    path: 'spec.subjects.allowedRepositories',
    message: 'must NOT have fewer than 1 items',
    serverMessage: 'should have at least 1 items',
  },
];
