// SPDX-License-Identifier: Apache-2.0
import type { AcceptedManifest, RefusedManifest } from './case.fixture.ts';
import { backend, clusterBackend } from './case-objects.fixture.ts';
import type { Fields } from './case-objects.fixture.ts';

const secret = { type: 'Secret', secretRef: { name: 'cloud' } };
const operator = { type: 'WorkloadIdentity' };

function mongodb(settings: Fields = {}): Fields {
  const place = { database: 'evidence', collection: 'chains' };
  return { type: 'MongoDB', mongodb: { connectionSecretRef: { name: 'mongo' }, ...place, ...settings } };
}

function firestore(settings: Fields = {}): Fields {
  const place = { projectID: 'acme-evidence', collection: 'chains' };
  return { type: 'Firestore', firestore: { ...place, authentication: secret, ...settings } };
}

function grafeas(settings: Fields = {}): Fields {
  return { type: 'Grafeas', grafeas: { projectID: 'acme-evidence', authentication: secret, ...settings } };
}

function archivista(settings: Fields = {}): Fields {
  return { type: 'Archivista', archivista: { url: 'https://archivista.example.com', ...settings } };
}

const members = { mongodb: mongodb(), firestore: firestore(), grafeas: grafeas(), archivista: archivista() };

const withoutMember = Object.entries(members).map(([member, { type }]) => ({
  name: `${String(type)} without its member`,
  manifest: backend({ type }),
  path: 'spec',
  message: `${member} must be set when type is ${String(type)}, and only then`,
}));

const withOperator = Object.entries({ firestore, grafeas }).map(([member, build]) => ({
  name: `${member} of a team as the operator`,
  manifest: backend(build({ authentication: operator })),
  path: 'spec',
  message: `${member}.authentication.type WorkloadIdentity is the operator's own and for ClusterStorageBackends only: name a Secret or a ServiceAccount`,
}));

const PROJECT = "must be a project's ID, not its number or name";
const DATABASE = "must be a database's name: letters, digits, '_' and '-'";
const URL = 'must be an http or https URL without credentials, query and fragment';

const badFields: readonly (readonly [string, Fields, string, string])[] = [
  ['a database with a path', mongodb({ database: 'a/b' }), 'mongodb.database', DATABASE],
  ['a database as an operator', mongodb({ database: '$external' }), 'mongodb.database', DATABASE],
  [
    'a collection as an operator',
    mongodb({ collection: 'a$b' }),
    'mongodb.collection',
    "must be a collection's name: letters, digits, '.', '_' and '-'",
  ],
  ['a project by its number', firestore({ projectID: '123456' }), 'firestore.projectID', PROJECT],
  [
    'a collection with a path',
    firestore({ collection: 'a/b/c' }),
    'firestore.collection',
    "must be a collection's ID: letters, digits, '.', '_' and '-', without a path",
  ],
  [
    'a Firestore database that is none',
    firestore({ database: 'Main' }),
    'firestore.database',
    "must be a database's ID",
  ],
  ['a project with a path', grafeas({ projectID: 'a/b' }), 'grafeas.projectID', PROJECT],
  [
    'a note with a path',
    grafeas({ noteID: 'a/b' }),
    'grafeas.noteID',
    "must be a note's ID: letters, digits, '.', '_' and '-'",
  ],
  [
    "Google's own service without authentication",
    grafeas({ authentication: undefined }),
    'grafeas',
    'authentication must be set unless endpoint names a server of your own',
  ],
  ['credentials in a URL', archivista({ url: 'https://me:secret@archivista.example.com' }), 'archivista.url', URL],
  [
    'a plain Archivista',
    archivista({ url: 'http://archivista.example.com' }),
    'archivista',
    'url is plain http: use https, or set tls.insecure',
  ],
  [
    'a plain Grafeas',
    grafeas({ endpoint: 'http://grafeas.example.com' }),
    'grafeas',
    'endpoint is plain http: use https, or set tls.insecure',
  ],
  [
    'an unused Secret',
    archivista({ authentication: { type: 'Anonymous', secretRef: { name: 'token' } } }),
    'archivista.authentication',
    'secretRef must be set when type is Secret, and only then',
  ],
];

/** Backends in databases that must be refused. */
export const databaseBackendCases: readonly RefusedManifest[] = [
  ...withoutMember,
  ...withOperator,
  ...badFields.map(([name, spec, path, message]) => ({ name, manifest: backend(spec), path: `spec.${path}`, message })),
  {
    name: 'names by policy where content names itself',
    manifest: backend({ ...archivista(), keys: 'PerPolicy' }),
    path: 'spec',
    message: 'keys: PerPolicy is for the types GCS, S3, MongoDB, Firestore, DynamoDB, Kafka',
  },
];

/** Backends in databases that must be accepted. */
export const acceptedDatabaseBackends: readonly AcceptedManifest[] = [
  ...Object.entries(members).map(([member, spec]) => ({
    name: `a backend of ${member} alone`,
    manifest: backend(spec),
  })),
  {
    name: 'a MongoDB backend that sets everything',
    manifest: backend({
      ...mongodb({
        connectionSecretRef: { name: 'mongo', key: 'url' },
        collection: 'chains.evidence',
        tls: { caBundleRef: { name: 'ca' } },
      }),
      keys: 'PerPolicy',
    }),
  },
  {
    name: 'a Firestore backend of the platform as the operator',
    manifest: clusterBackend(
      firestore({
        projectID: 'example.com:acme',
        database: '(default)',
        endpoint: 'http://firestore.example.com:8080',
        authentication: operator,
        tls: { insecure: true },
      }),
    ),
  },
  {
    name: "a Grafeas backend of one's own",
    manifest: backend(
      grafeas({
        authentication: undefined,
        endpoint: 'https://grafeas.example.com',
        apiVersion: 'v1beta1',
        noteID: 'builds',
        noteHint: 'Built by us',
      }),
    ),
  },
  {
    name: 'an Archivista behind a token',
    manifest: backend(archivista({ authentication: { type: 'Secret', secretRef: { name: 'token' } } })),
  },
];
