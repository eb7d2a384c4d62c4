// SPDX-License-Identifier: Apache-2.0
import type { ChainsConfig } from './chains-config.ts';
import { type MigratedPart, type MigrationScope, reach, type Unmigrated } from './migration.ts';

const GOOGLE_SECRET = 'chains-google-credentials';
const AWS_SECRET = 'chains-aws-credentials';
const MONGO_SECRET = 'chains-mongodb';

type Maker = (config: ChainsConfig, scope: MigrationScope) => MigratedPart | Unmigrated;

const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['tekton', () => ({ spec: { type: 'Tekton' } })],
  ['oci', ociBackend],
  [
    'gcs',
    (config, scope) =>
      withGoogle(scope, (authentication) => ({
        type: 'GCS',
        gcs: { bucket: config.text('storage.gcs.bucket'), authentication },
      })),
  ],
  ['docdb', documentBackend],
  ['grafeas', grafeasBackend],
  ['archivista', archivistaBackend],
  ['kafka', kafkaBackend],
]);

/** The spec of the backend for a storage of Chains, without the artifacts that it takes. */
export function migratedBackend(
  config: ChainsConfig,
  storage: string,
  scope: MigrationScope,
): MigratedPart | Unmigrated {
  return makers.get(storage)?.(config, scope) ?? { problem: `storage ${storage} has no counterpart` };
}

function ociBackend(config: ChainsConfig): MigratedPart {
  const isBundle = config.text('storage.oci.encoding-format') === 'sigstore-bundle';
  const repository = config.text('storage.oci.repository');
  // Chains writes bundles next to the image all the same.
  const isElsewhere = repository !== '' && !isBundle;
  const isInsecure = config.flag('storage.oci.repository.insecure');
  return {
    spec: {
      type: 'OCI',
      oci: {
        encoding: isBundle ? 'SigstoreBundle' : 'CosignTags',
        ...(isElsewhere ? { repository } : {}),
        authentication: { type: 'RunServiceAccount' },
        ...(isInsecure ? { tls: { insecure: true } } : {}),
      },
    },
    advice: [
      "oci.authentication: credentials are the Secrets of the run's ServiceAccount, as in Chains; credentials of Chains' own pod or cloud need another type (docs/stores/oci.md)",
      ...(isElsewhere ? ['oci.repository: evidence of several runs is kept there, where Chains overwrites it'] : []),
      ...(repository !== '' && isBundle
        ? [
            'storage.oci.repository: left out, as Chains ignores it for bundles; set oci.repository to have bundles stored there',
          ]
        : []),
    ],
    values: isElsewhere ? reach(`https://${repository}`) : [],
  };
}

function documentBackend(config: ChainsConfig, scope: MigrationScope): MigratedPart | Unmigrated {
  const text = config.text('storage.docdb.url');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  switch (url?.protocol) {
    case 'mongo:':
      return mongoBackend(config, url);
    case 'firestore:':
      return firestoreBackend(text, scope);
    case 'dynamodb:':
      return dynamoBackend(url, scope);
    default:
      // The text may be a connection string, with its password.
      return {
        problem:
          'storage.docdb.url has no counterpart: use mongo://DATABASE/COLLECTION?id_field=name, with the connection string in storage.docdb.mongo-server-url, or firestore:// or dynamodb://',
      };
  }
}

function mongoBackend(config: ChainsConfig, url: URL): MigratedPart {
  const entry = 'MONGO_SERVER_URL';
  const [file, directory, inline] = [
    config.text('storage.docdb.mongo-server-url-path'),
    config.text('storage.docdb.mongo-server-url-dir'),
    config.text('storage.docdb.mongo-server-url'),
  ];
  const mounted = file !== '' ? `file ${file} of the pod of Chains` : `file ${directory}/${entry} of the pod of Chains`;
  const source =
    file !== '' || directory !== ''
      ? mounted
      : inline !== ''
        ? 'storage.docdb.mongo-server-url'
        : `variable ${entry} of the pod of Chains`;
  const isInline = source === 'storage.docdb.mongo-server-url';
  return {
    spec: {
      type: 'MongoDB',
      mongodb: {
        connectionSecretRef: { name: MONGO_SECRET },
        database: url.hostname,
        collection: url.pathname.slice(1),
      },
    },
    secrets: [{ name: MONGO_SECRET, entry, source, ...(isInline ? { value: inline } : {}) }],
    values: isInline ? mongoHosts(inline).flatMap((host) => reach(`mongo://${host}`)) : [],
  };
}

/** The hosts of a connection string, without its credentials; none for one that names a DNS record of them. */
function mongoHosts(connection: string): readonly string[] {
  const [, hosts = ''] = /^mongodb:\/\/(?:[^/?#]*@)?([^@/?#]+)/.exec(connection) ?? [];
  return hosts.split(',').filter((host) => host !== '');
}

/** The URL of go-cloud: firestore://projects/P/databases/D/documents/C?name_field=name */
function firestoreBackend(text: string, scope: MigrationScope): MigratedPart | Unmigrated {
  const [, projectID, database, collection] =
    /^firestore:\/\/projects\/([^/]+)\/databases\/([^/]+)\/documents\/([^/?]+)(?:\?.*)?$/.exec(text) ?? [];
  if (projectID === undefined || database === undefined || collection === undefined)
    return {
      problem: `storage.docdb.url does not read firestore://projects/PROJECT/databases/DATABASE/documents/COLLECTION`,
    };
  return withGoogle(scope, (authentication) => ({
    type: 'Firestore',
    firestore: { projectID, ...(database === '(default)' ? {} : { database }), collection, authentication },
  }));
}

function dynamoBackend(url: URL, { namespace, awsRegion }: MigrationScope): MigratedPart | Unmigrated {
  if (awsRegion === undefined)
    return { problem: 'storage.docdb.url does not say the region of the table: give it with --aws-region' };
  const table = url.hostname;
  const authentication =
    namespace === undefined ? { type: 'WorkloadIdentity' } : { type: 'Secret', secretRef: { name: AWS_SECRET } };
  const secret = { name: AWS_SECRET, entry: 'aws_access_key_id and aws_secret_access_key', source: 'your cloud' };
  return {
    spec: { type: 'DynamoDB', dynamodb: { table, region: awsRegion, authentication } },
    ...(namespace === undefined ? { advice: [ownIdentity('DynamoDB')] } : { secrets: [secret] }),
  };
}

function grafeasBackend(config: ChainsConfig, scope: MigrationScope): MigratedPart {
  const [noteID, noteHint] = [config.text('storage.grafeas.noteid'), config.text('storage.grafeas.notehint')];
  return withGoogle(scope, (authentication) => ({
    type: 'Grafeas',
    grafeas: {
      projectID: config.text('storage.grafeas.projectid'),
      ...(noteID === '' ? {} : { noteID }),
      ...(noteHint === '' ? {} : { noteHint }),
      authentication,
    },
  }));
}

function archivistaBackend(config: ChainsConfig): MigratedPart {
  const url = config.text('storage.archivista.url');
  const isPlain = url.startsWith('http://');
  return {
    spec: { type: 'Archivista', archivista: { url, ...(isPlain ? { tls: { insecure: true } } : {}) } },
    ...(isPlain
      ? { advice: ['archivista.tls.insecure: the server is reached by plain http, as storage.archivista.url says'] }
      : {}),
    values: reach(url),
  };
}

function kafkaBackend(config: ChainsConfig): MigratedPart | Unmigrated {
  const servers = config.text('storage.pubsub.kafka.bootstrap.servers');
  if (config.text('storage.pubsub.provider') !== 'kafka' || servers === '')
    return {
      problem:
        'storage kafka: set storage.pubsub.provider to kafka, and storage.pubsub.topic and storage.pubsub.kafka.bootstrap.servers to yours',
    };
  const bootstrapServers = servers.split(',').map((server) => server.trim());
  return {
    spec: {
      type: 'Kafka',
      kafka: { bootstrapServers, topic: config.text('storage.pubsub.topic'), plaintext: true },
    },
    advice: [
      'Chains never stores in Kafka, and fails each run that is to be stored there; Hallmark does',
      'kafka.plaintext: the brokers are reached without TLS, as in Chains; set kafka.tls instead where they have it',
    ],
    values: bootstrapServers.flatMap((server) => reach(`kafka://${server}`)),
  };
}

function withGoogle({ namespace }: MigrationScope, spec: (authentication: object) => object): MigratedPart {
  if (namespace === undefined)
    return { spec: spec({ type: 'WorkloadIdentity' }), advice: [ownIdentity('Google Cloud')] };
  const authentication = { type: 'Secret', secretRef: { name: GOOGLE_SECRET } };
  return {
    spec: spec(authentication),
    secrets: [{ name: GOOGLE_SECRET, entry: 'credentials.json', source: 'your cloud' }],
    advice: ['authentication.type ServiceAccount, instead of Secret, needs no Secret (docs/stores/README.md)'],
  };
}

function ownIdentity(of: string): string {
  return `the operator calls ${of} with its own identity: give its ServiceAccount the role that Chains' has (docs/stores/README.md)`;
}
