// SPDX-License-Identifier: Apache-2.0
import type { AcceptedManifest } from './case.fixture.ts';
import { backend, clusterBackend } from './case-objects.fixture.ts';
import { dynamodb, gcs, kafka, s3 } from './cloud-backend-cases.fixture.ts';

const operator = { type: 'WorkloadIdentity' };
const role = {
  type: 'ServiceAccount',
  serviceAccountName: 'evidence-writer',
  roleARN: 'arn:aws:iam::123456789012:role/evidence-writer',
};
const tls = { caBundleRef: { name: 'ca', key: 'bundle.pem' } };

/** Backends in clouds and Kafka clusters that must be accepted, from the smallest to the fullest. */
export const acceptedCloudBackends: readonly AcceptedManifest[] = [
  { name: 'a bucket of Google', manifest: backend(gcs()) },
  {
    name: 'a bucket of Google that sets everything',
    manifest: backend({
      ...gcs({
        apiEndpoint: 'https://storage.example.com/private',
        authentication: {
          type: 'ServiceAccount',
          serviceAccountName: 'evidence-writer',
          workloadIdentityProvider: 'projects/1/locations/global/workloadIdentityPools/p/providers/cluster',
          serviceAccountEmail: 'writer@project.iam.gserviceaccount.com',
          stsEndpoint: 'https://sts.example.com',
        },
        tls,
      }),
      keys: 'PerPolicy',
    }),
  },
  {
    name: 'a bucket of Google as the operator',
    manifest: clusterBackend({ ...gcs({ authentication: operator }), acceptFrom: ['SigningPolicy'] }),
  },
  { name: 'a bucket of S3', manifest: backend(s3()) },
  {
    name: 'a bucket of a store like S3 that sets everything',
    manifest: clusterBackend(
      s3({
        endpoint: 'https://minio.example.com:9000',
        forcePathStyle: true,
        prefix: 'team-a/evidence/',
        authentication: { ...role, stsEndpoint: 'https://sts.example.com' },
        tls,
      }),
    ),
  },
  { name: 'an emulator', manifest: backend(s3({ endpoint: 'http://127.0.0.1:5000', tls: { insecure: true } })) },
  { name: 'a table', manifest: backend({ ...dynamodb({ authentication: role }), keys: 'Reference' }) },
  { name: 'a topic', manifest: backend(kafka()) },
  {
    name: 'a topic that sets everything',
    manifest: clusterBackend(
      kafka({
        bootstrapServers: ['a.example.com:9093', '[2001:db8::1]:9093'],
        authentication: { type: 'Secret', secretRef: { name: 'kafka' }, mechanism: 'SCRAM-SHA-512' },
        tls,
      }),
    ),
  },
  { name: 'a topic without TLS', manifest: backend(kafka({ plaintext: true, authentication: { type: 'Anonymous' } })) },
];
