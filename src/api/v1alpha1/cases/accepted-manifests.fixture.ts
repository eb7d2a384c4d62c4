// SPDX-License-Identifier: Apache-2.0
import { acceptedCloudBackends } from './accepted-cloud-backends.fixture.ts';
import type { AcceptedManifest } from './case.fixture.ts';
import { acceptedCeilings } from './ceiling-cases.fixture.ts';
import { acceptedDatabaseBackends } from './database-backend-cases.fixture.ts';
import {
  anyRepository,
  artifactCase,
  backend,
  clusterBackend,
  clusterPolicy,
  oci,
  policy,
  recordCase,
} from './case-objects.fixture.ts';
import { acceptedRetiredKeys } from './retired-key-cases.fixture.ts';
import { acceptedSigners } from './signer-cases.fixture.ts';

/** Manifests that must be accepted, from the smallest to the fullest. */
export const acceptedManifests: readonly AcceptedManifest[] = [
  { name: 'a policy of a signer alone', manifest: policy({}) },
  {
    name: 'a policy that sets everything',
    manifest: policy({
      selector: {
        matchLabels: { 'example.com/sign': 'true', 'app.kubernetes.io/name': '' },
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['b', 'c'] },
          { key: 'd', operator: 'NotIn', values: ['e'] },
          { key: 'f', operator: 'Exists' },
          { key: 'g', operator: 'DoesNotExist', values: [] },
        ],
      },
      runs: {
        kinds: ['PipelineRun'],
        outcomes: ['Succeeded', 'Failed', 'Cancelled'],
        managedBy: ['kueue.x-k8s.io/multikueue'],
        finishedAfter: '2026-01-31T12:00:00.123+02:00',
      },
      attestation: {
        format: 'in-toto',
        buildType: 'https://tekton.dev/chains/v2/slsa-tekton',
        builderID: 'https://builder.example.com',
        deepInspection: true,
        redactParameters: ['token'],
      },
      imageSignatures: { formats: [], indexChildren: true },
      subjects: { allowedRepositories: ['registry.example.com/team-a/*'], onIgnored: 'Refuse' },
      children: { onMissing: 'Refuse', notes: 'Recorded' },
      backendRefs: [
        { kind: 'StorageBackend', name: 'registry' },
        { kind: 'ClusterStorageBackend', name: 'registry' },
      ],
      mode: 'Audit',
      suspend: true,
      deletionGuard: { type: 'Hold', timeoutSeconds: 86_400 },
      compatibility: { chainsAnnotations: true },
      record: { retention: 'Seconds', seconds: 604_800, evidence: 'UntilStored' },
    }),
  },
  ...acceptedSigners,
  ...acceptedRetiredKeys,
  { name: 'a cluster policy', manifest: clusterPolicy({ subjects: anyRepository, namespaceSelector: {} }) },
  { name: 'a Tekton backend', manifest: backend({ type: 'Tekton' }) },
  {
    name: 'an OCI backend that sets everything',
    manifest: clusterBackend({
      ...oci({
        repository: 'registry.example.com:5000/platform/evidence',
        authentication: { type: 'Secret', secretRef: { name: 'pull' } },
        tls: { caBundleRef: { name: 'ca', key: 'bundle.pem' }, insecure: false },
      }),
      namespaceSelector: { matchLabels: { 'example.com/stage': 'production' } },
      selector: {},
      artifacts: ['ImageSignature'],
    }),
  },
  {
    name: "bundles in a cloud's registry, for a ServiceAccount of the team",
    manifest: backend(
      oci({
        encoding: 'SigstoreBundle',
        authentication: {
          type: 'ServiceAccount',
          serviceAccountName: 'builder',
          roleARN: 'arn:aws:iam::123456789012:role/push',
          workloadIdentityProvider: 'projects/1/locations/global/workloadIdentityPools/p/providers/cluster',
          serviceAccountEmail: 'push@project.iam.gserviceaccount.com',
          tenantID: '5c4b3a29-1111-4222-8333-444455556666',
          clientID: '0a1b2c3d-aaaa-4bbb-8ccc-ddddeeeeffff',
        },
      }),
    ),
  },
  {
    name: "a cloud's registry as the operator",
    manifest: clusterBackend(oci({ authentication: { type: 'WorkloadIdentity' } })),
  },
  { name: 'a registry by address', manifest: backend(oci({ repository: '[::1]:5000/a', tls: { insecure: true } })) },
  ...acceptedCloudBackends,
  ...acceptedDatabaseBackends,
  ...acceptedCeilings,
  { name: 'a record without evidence', manifest: recordCase({}) },
  {
    name: 'a signed record',
    manifest: recordCase({
      evidence: {
        artifacts: [
          { ...artifactCase, signature: 'MEQ=', keyID: 'SHA256:abc', publicKey: '-----BEGIN PUBLIC KEY-----' },
        ],
        seal: 'v1:00',
      },
    }),
  },
];
