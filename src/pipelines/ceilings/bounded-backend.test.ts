// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompiledBackend } from '../definitions.ts';
import { readBackend } from '../read-backend.ts';
import { boundedBackend, boundedClusterBackend, boundedForSubjects, followsImages } from './bounded-backend.ts';
import { ceilingDefinition } from './ceiling.fixture.ts';

const secret = { type: 'Secret', secretRef: { name: 's' } };
const google = { projectID: 'project', authentication: secret };

function backend(spec: object, kind = 'StorageBackend'): CompiledBackend {
  const metadata = {
    name: 'store',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2025-01-01T00:00:00Z',
  };
  const scope = kind === 'StorageBackend' ? { namespace: 'team-a' } : {};
  const object = { apiVersion: 'hallmark.dev/v1alpha1', kind, metadata: { ...metadata, ...scope }, spec };
  const read = readBackend(object, 'ops');
  assert.ok(read.ok, read.ok ? '' : read.message);
  return read.backend;
}

/** The message of a backend beyond the hosts, which are those that a ceiling allows. */
function beyond(hosts: readonly string[], spec: object): string | undefined {
  const bounds = {
    namespace: 'team-a',
    ceilings: [ceilingDefinition('teams', { backends: { hosts } })],
    isUncertain: false,
  };
  return boundedBackend(backend(spec), bounds, 1).exceeds?.message;
}

const hosts: readonly (readonly [what: string, spec: object, host: string])[] = [
  [
    'OCI',
    { type: 'OCI', oci: { encoding: 'CosignTags', repository: 'registry.example:5000/team/e' } },
    'registry.example:5000',
  ],
  ['OCI at Docker Hub', { type: 'OCI', oci: { encoding: 'CosignTags', repository: 'team/e' } }, 'index.docker.io'],
  ['GCS', { type: 'GCS', gcs: { bucket: 'bucket', authentication: secret } }, 'storage.googleapis.com'],
  [
    'GCS at an endpoint of its own',
    { type: 'GCS', gcs: { bucket: 'bucket', apiEndpoint: 'https://GCS.example', authentication: secret } },
    'gcs.example',
  ],
  [
    'S3',
    { type: 'S3', s3: { bucket: 'bucket', region: 'eu-west-1', authentication: secret } },
    's3.eu-west-1.amazonaws.com',
  ],
  [
    'S3 at an endpoint of its own',
    {
      type: 'S3',
      s3: { bucket: 'bucket', region: 'eu-west-1', endpoint: 'https://minio.example:9000', authentication: secret },
    },
    'minio.example:9000',
  ],
  ['Firestore', { type: 'Firestore', firestore: { ...google, collection: 'c' } }, 'firestore.googleapis.com'],
  [
    'DynamoDB',
    { type: 'DynamoDB', dynamodb: { table: 'table', region: 'eu-west-1', authentication: secret } },
    'dynamodb.eu-west-1.amazonaws.com',
  ],
  ['Grafeas', { type: 'Grafeas', grafeas: google }, 'containeranalysis.googleapis.com'],
  ['Archivista', { type: 'Archivista', archivista: { url: 'https://archivista.example/a' } }, 'archivista.example'],
  ['Kafka', { type: 'Kafka', kafka: { bootstrapServers: ['kafka.example:9093'], topic: 't' } }, 'kafka.example:9093'],
];

describe('the hosts of a ceiling', () => {
  for (const [what, spec, host] of hosts) {
    it(`bound ${what}: ${host}`, () => {
      assert.equal(beyond([host], spec), undefined);
      assert.equal(beyond([host.replace(/:\d+$/, '')], spec), undefined, 'without its port');
      assert.equal(
        beyond(['other.example'], spec),
        `PolicyCeiling teams: its host is ${host}, and allowed are other.example`,
      );
    });
  }

  it('take each broker of Kafka', () => {
    const spec = { type: 'Kafka', kafka: { bootstrapServers: ['a.example:9093', 'b.example:9093'], topic: 't' } };
    assert.match(beyond(['a.example'], spec) ?? '', /its host is b\.example:9093/);
  });

  it('take a connection string, which is in a Secret, only when they take every host', () => {
    const connectionSecretRef = { name: 'mongo' };
    const spec = { type: 'MongoDB', mongodb: { connectionSecretRef, database: 'd', collection: 'c' } };
    assert.match(beyond(['mongo.example'], spec) ?? '', /its host is \(in a Secret\)/);
    assert.equal(beyond(['*'], spec), undefined);
  });

  it('take a backend that writes to the cluster', () => {
    assert.equal(beyond([], { type: 'Tekton' }), undefined);
  });
});

describe('a ceiling', () => {
  const bounds = (spec: object) => ({
    namespace: 'team-a',
    ceilings: [ceilingDefinition('teams', spec)],
    isUncertain: false,
  });

  it('bounds the types of backends, and their number by age', () => {
    const tekton = backend({ type: 'Tekton' });
    const types = boundedBackend(tekton, bounds({ backends: { types: ['OCI', 'S3'] } }), 1);
    assert.equal(types.exceeds?.message, 'PolicyCeiling teams: spec.type is Tekton, and allowed are OCI, S3');
    assert.equal(boundedBackend(tekton, bounds({ counts: { backends: 1 } }), 1).exceeds, undefined);
    const second = boundedBackend(tekton, bounds({ counts: { backends: 1 } }), 2);
    assert.match(
      second.exceeds?.message ?? '',
      /number 2 of the namespace's StorageBackends by age, and allowed are 1/,
    );
  });

  it('bounds the cluster backends that records of its namespaces go to', () => {
    const shared = backend({ type: 'Tekton', acceptFrom: ['SigningPolicy'] }, 'ClusterStorageBackend');
    assert.equal(boundedClusterBackend(shared, bounds({ backends: { clusterBackends: ['st*'] } })).exceeds, undefined);
    const { exceeds } = boundedClusterBackend(shared, bounds({ backends: { clusterBackends: [] } }));
    assert.equal(exceeds?.message, 'PolicyCeiling teams: the ClusterStorageBackend is store, and none is allowed');
  });

  it('bounds the registries of images where an OCI backend has no repository', () => {
    const besideImages = backend({ type: 'OCI', oci: { encoding: 'CosignTags' } });
    assert.equal(followsImages(besideImages), true);
    assert.equal(
      followsImages(backend({ type: 'OCI', oci: { encoding: 'CosignTags', repository: 'r.example/a' } })),
      false,
    );
    const image = (registry: string) => ({ name: `${registry}/team/app`, digest: { sha256: 'a'.repeat(64) } });
    const hosts = bounds({ backends: { hosts: ['registry.example'] } });
    assert.equal(boundedForSubjects(besideImages, hosts, [image('registry.example:5000')]).exceeds, undefined);
    const { exceeds } = boundedForSubjects(besideImages, hosts, [image('registry.example'), image('evil.example')]);
    const message = 'the registry of an image of the run is evil.example, and allowed are registry.example';
    assert.equal(exceeds?.message, `PolicyCeiling teams: ${message}`);
  });
});
