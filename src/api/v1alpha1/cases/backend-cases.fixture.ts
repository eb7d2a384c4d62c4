// SPDX-License-Identifier: Apache-2.0
import type { RefusedManifest } from './case.fixture.ts';
import { backendTypes } from '../storage-backend/backend-spec.ts';
import { backend, clusterBackend, digest, oci } from './case-objects.fixture.ts';
import { cloudBackendCases } from './cloud-backend-cases.fixture.ts';

/** Backends that must be refused. */
export const backendCases: readonly RefusedManifest[] = [
  {
    name: 'an unknown type',
    manifest: backend({ type: 'FTP' }),
    path: 'spec.type',
    message: `must be ${backendTypes.join(' or ')}`,
    serverMessage: 'supported values: "Tekton", "OCI"',
  },
  {
    name: 'OCI without its member',
    manifest: backend({ type: 'OCI' }),
    path: 'spec',
    message: 'oci must be set when type is OCI, and only then',
  },
  {
    name: 'Tekton with the member of OCI',
    manifest: clusterBackend({ ...oci({}), type: 'Tekton' }),
    path: 'spec',
    message: 'oci must be set when type is OCI, and only then',
  },
  {
    name: 'OCI without an encoding',
    manifest: backend({ type: 'OCI', oci: {} }),
    path: 'spec.oci.encoding',
    message: 'must be set',
    serverMessage: 'spec.oci.encoding: Required value',
  },
  {
    name: 'an empty list of artifacts',
    manifest: backend({ type: 'Tekton', artifacts: [] }),
    path: 'spec.artifacts',
    message: 'must NOT have fewer than 1 items',
    serverMessage: 'should have at least 1 items',
  },
  ...[
    'registry.example.com',
    'https://registry.example.com/a',
    'registry.example.com/a:v1',
    `registry.example.com/a@${digest}`,
  ].map((repository) => ({
    name: `the repository ${repository}`,
    manifest: backend(oci({ repository })),
    path: 'spec.oci.repository',
    message: 'must be a repository with its registry, without scheme, tag or digest',
  })),
  {
    name: 'a Secret without a name',
    manifest: backend(oci({ authentication: { type: 'Secret' } })),
    path: 'spec.oci.authentication',
    message: 'secretRef must be set when type is Secret, and only then',
  },
  {
    name: 'an unused Secret',
    manifest: clusterBackend(oci({ authentication: { type: 'Anonymous', secretRef: { name: 'pull' } } })),
    path: 'spec.oci.authentication',
    message: 'secretRef must be set when type is Secret, and only then',
  },
  {
    name: 'a role without a ServiceAccount to assume it',
    manifest: backend(oci({ authentication: { type: 'RunServiceAccount', roleARN: 'arn:aws:iam::1:role/push' } })),
    path: 'spec.oci.authentication',
    message: 'roleARN belongs to the type ServiceAccount alone',
  },
  {
    name: 'a ServiceAccount without a name',
    manifest: clusterBackend(oci({ authentication: { type: 'ServiceAccount' } })),
    path: 'spec.oci.authentication',
    message: 'serviceAccountName must be set when type is ServiceAccount, and only then',
  },
  {
    name: 'a registry of a team with the identity of the operator',
    manifest: backend(oci({ authentication: { type: 'WorkloadIdentity' } })),
    path: 'spec',
    message:
      "oci.authentication.type WorkloadIdentity is the operator's own and for ClusterStorageBackends only: name a Secret or a ServiceAccount",
  },
  {
    name: 'a CA bundle without verification',
    manifest: backend(oci({ tls: { insecure: true, caBundleRef: { name: 'ca' } } })),
    path: 'spec.oci.tls',
    message: 'insecure verifies no certificate, so caBundleRef must not be set with it',
  },
  ...cloudBackendCases,
];
