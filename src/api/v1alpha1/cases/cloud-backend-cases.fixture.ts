// SPDX-License-Identifier: Apache-2.0
import type { RefusedManifest } from './case.fixture.ts';
import { backend, clusterBackend } from './case-objects.fixture.ts';
import type { Fields } from './case-objects.fixture.ts';

const secret = { type: 'Secret', secretRef: { name: 'cloud' } };
const operator = { type: 'WorkloadIdentity' };
const account = { type: 'ServiceAccount', serviceAccountName: 'evidence-writer' };

export function gcs(settings: Fields = {}): Fields {
  return { type: 'GCS', gcs: { bucket: 'evidence', authentication: secret, ...settings } };
}

export function s3(settings: Fields = {}): Fields {
  return { type: 'S3', s3: { bucket: 'evidence', region: 'eu-central-1', authentication: secret, ...settings } };
}

export function dynamodb(settings: Fields = {}): Fields {
  return {
    type: 'DynamoDB',
    dynamodb: { table: 'evidence', region: 'eu-central-1', authentication: secret, ...settings },
  };
}

export function kafka(settings: Fields = {}): Fields {
  return { type: 'Kafka', kafka: { bootstrapServers: ['kafka.example.com:9092'], topic: 'evidence', ...settings } };
}

const members = { gcs: gcs(), s3: s3(), dynamodb: dynamodb(), kafka: kafka() };
const builders = { gcs, s3, dynamodb };

const withoutMember = Object.entries(members).map(([member, { type }]) => ({
  name: `${String(type)} without its member`,
  manifest: backend({ type }),
  path: 'spec',
  message: `${member} must be set when type is ${String(type)}, and only then`,
}));

const withOperator = Object.entries(builders).map(([member, build]) => ({
  name: `${member} of a team as the operator`,
  manifest: backend(build({ authentication: operator })),
  path: 'spec',
  message: `${member}.authentication.type WorkloadIdentity is the operator's own and for ClusterStorageBackends only: name a Secret or a ServiceAccount`,
}));

const badFields: readonly (readonly [string, Fields, string, string])[] = [
  [
    'a bucket with its scheme',
    gcs({ bucket: 'gs://evidence' }),
    'gcs.bucket',
    "must be a bucket's name, without a scheme and without a path",
  ],
  [
    'a bucket with a path',
    s3({ bucket: 'evidence/here' }),
    's3.bucket',
    "must be a bucket's name, without a scheme and without a path",
  ],
  [
    'a prefix that climbs',
    s3({ prefix: '../' }),
    's3.prefix',
    "must be one or more path segments of letters, digits, '-', '_' and '.', each ended by /",
  ],
  [
    'a prefix without a slash',
    s3({ prefix: 'here' }),
    's3.prefix',
    "must be one or more path segments of letters, digits, '-', '_' and '.', each ended by /",
  ],
  [
    'a region that is a host',
    dynamodb({ region: 'evil.example.com/' }),
    'dynamodb.region',
    "must be a region's name, such as eu-central-1",
  ],
  [
    "a table's ARN",
    dynamodb({ table: 'arn:aws:dynamodb:eu:1:table/x' }),
    'dynamodb.table',
    "must be a table's name, not its ARN",
  ],
  [
    'a plain endpoint',
    s3({ endpoint: 'http://s3.example.com' }),
    's3',
    'endpoint is plain http: use https, or set tls.insecure',
  ],
  [
    'a plain endpoint of Google',
    gcs({ apiEndpoint: 'http://gcs.example.com' }),
    'gcs',
    'apiEndpoint is plain http: use https, or set tls.insecure',
  ],
  [
    'an endpoint with a password',
    s3({ endpoint: 'https://u:p@s3.example.com' }),
    's3.endpoint',
    'must be an http or https URL without credentials, query and fragment',
  ],
  [
    'a ServiceAccount without a provider',
    gcs({ authentication: account }),
    'gcs.authentication',
    'workloadIdentityProvider must be set when type is ServiceAccount, and only then',
  ],
  [
    'a ServiceAccount without a role',
    s3({ authentication: account }),
    's3.authentication',
    'roleARN must be set when type is ServiceAccount, and only then',
  ],
  [
    'a Secret together with the token exchange',
    s3({ authentication: { ...secret, stsEndpoint: 'https://sts.example.com' } }),
    's3.authentication',
    'stsEndpoint belongs to the type ServiceAccount alone',
  ],
  [
    'a broker without a port',
    kafka({ bootstrapServers: ['kafka.example.com'] }),
    'kafka.bootstrapServers[0]',
    'must be host:port',
  ],
  [
    'a topic that is a path',
    kafka({ topic: 'a/b' }),
    'kafka.topic',
    "must be a topic's name: letters, digits, '.', '_' and '-'",
  ],
  [
    'plaintext together with certificates',
    kafka({ plaintext: true, tls: { insecure: true } }),
    'kafka',
    'plaintext means no TLS, so tls must not be set with it',
  ],
  [
    'a login without a mechanism',
    kafka({ authentication: secret }),
    'kafka.authentication',
    'mechanism must be set when type is Secret, and only then',
  ],
];

/** Backends in clouds and Kafka clusters that must be refused. */
export const cloudBackendCases: readonly RefusedManifest[] = [
  ...withoutMember,
  ...withOperator,
  ...badFields.map(([name, spec, path, message]) => ({ name, manifest: backend(spec), path: `spec.${path}`, message })),
  {
    name: 'PerPolicy names where there are none',
    manifest: clusterBackend({ type: 'Tekton', keys: 'PerPolicy' }),
    path: 'spec',
    message: 'keys: PerPolicy is for the types GCS, S3, MongoDB, Firestore, DynamoDB, Kafka',
  },
  {
    name: 'policies that no backend takes evidence of',
    manifest: clusterBackend({ type: 'Tekton', acceptFrom: ['ClusterSigningPolicy'] }),
    path: 'spec.acceptFrom[0]',
    message: 'must be SigningPolicy',
    serverMessage: 'supported values: "SigningPolicy"',
  },
];
