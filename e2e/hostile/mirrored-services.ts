// SPDX-License-Identifier: Apache-2.0
import { trustedRootJson } from '../../src/trust/trust-bed.fixture.ts';
import { managedRuns } from '../resilience/managed-runs.ts';
import { dockerConfig } from '../testbed/registry/credentials.ts';
import { GIVEN_TOKEN, TENANT } from './mirror.ts';

export const ACCOUNT = 'release-signer';
const CA = 'mirror-ca';
const KEYLESS = { fulcioURL: '', serviceAccountName: ACCOUNT, caBundleRef: { name: CA } };

/** With what URLs, JSON, forms and headers write otherwise, where it may be in them. */
const planted = {
  awsKey: 'planted/aws+secret=key',
  awsSession: 'planted/aws+session=token',
  google: 'planted-google/access+token=',
  azure: 'planted azure "secret" & more',
  vault: 's.planted-vault-token',
  archivista: 'planted-archivista/token+=',
  mongodb: 'planted mongo/"password"',
  kafka: 'planted kafka "password"',
  registry: 'planted registry:"password"',
} as const;

/** All secrets that must never be shown. */
export const plantedSecrets: readonly string[] = [...Object.values(planted), GIVEN_TOKEN];
/** The secrets that clients send to services, and how often they must be reflected to cover several kinds of answers. */
export const sentSecrets: Readonly<Record<string, number>> = {
  [planted.awsSession]: 8,
  [planted.google]: 12,
  [planted.azure]: 1,
  [GIVEN_TOKEN]: 1,
  [planted.vault]: 3,
  [planted.archivista]: 4,
  [planted.registry]: 4,
};

/** A store of each kind at the address of a mirror, by name. */
export function mirroredStores(host: string): Readonly<Record<string, object>> {
  const url = `https://${host}`;
  const tls = { caBundleRef: { name: CA } };
  const by = (name: string): object => ({ authentication: { type: 'Secret', secretRef: { name } }, tls });
  const aws = { region: 'eu-central-1', endpoint: url, ...by('aws') };
  const kafka = { type: 'Secret', secretRef: { name: 'kafka' }, mechanism: 'PLAIN' };
  const place = { projectID: 'evidence', endpoint: url, ...by('google') };
  return {
    s3: { type: 'S3', s3: { bucket: 'evidence', forcePathStyle: true, ...aws } },
    dynamodb: { type: 'DynamoDB', dynamodb: { table: 'evidence', ...aws } },
    gcs: { type: 'GCS', gcs: { bucket: 'evidence', apiEndpoint: url, ...by('google') } },
    firestore: { type: 'Firestore', firestore: { collection: 'evidence', ...place } },
    grafeas: { type: 'Grafeas', grafeas: place },
    archivista: { type: 'Archivista', artifacts: ['Attestation'], archivista: { url, ...by('archivista') } },
    mongodb: {
      type: 'MongoDB',
      mongodb: { connectionSecretRef: { name: 'mongodb', key: 'url' }, database: 'e', collection: 'e', tls },
    },
    kafka: { type: 'Kafka', kafka: { bootstrapServers: [host], topic: 'evidence', authentication: kafka, tls } },
    oci: { type: 'OCI', oci: { encoding: 'CosignTags', repository: `${host}/evidence`, ...by('registry') } },
  };
}

/** A signer of every kind that calls a service, by the name of its policy. */
export function mirroredSigners(host: string): Readonly<Record<string, object>> {
  const url = `https://${host}`;
  const by = (name: string): object => ({ secretRef: { name }, caBundleRef: { name: CA } });
  const key = 'projects/evidence/locations/europe-west1/keyRings/team/cryptoKeys/builds';
  const kms = {
    aws: { uri: `awskms://${host}/alias/builds`, ...by('aws'), aws: { region: 'eu-central-1' } },
    google: { uri: `gcpkms://${key}`, ...by('google'), google: { endpoint: host } },
    azure: { uri: `azurekms://${host}/builds`, ...by('azure'), azure: { authorityHost: url } },
    vault: { uri: 'openbao://builds', ...by('vault'), vault: { address: url } },
  };
  const keyless = { type: 'Keyless', keyless: { ...KEYLESS, fulcioURL: url } };
  return {
    ...Object.fromEntries(Object.entries(kms).map(([name, settings]) => [name, { type: 'KMS', kms: settings }])),
    keyless,
  };
}

/** The namespace's objects: Secrets, certificates, backends and policies. */
export function mirroredManifests(namespace: string, { host, ca }: { readonly host: string; readonly ca: string }) {
  const hallmark = 'hallmark.dev/v1alpha1';
  const object = (apiVersion: string, kind: string, name: string, content: object): object => ({
    ...{ apiVersion, kind, metadata: { name, namespace } },
    ...content,
  });
  const azure = { tenantID: TENANT, clientID: 'app', clientSecret: planted.azure };
  const aws = { aws_access_key_id: 'AKIATEAM', aws_secret_access_key: planted.awsKey };
  const secrets = {
    aws: { ...aws, aws_session_token: planted.awsSession },
    google: { access_token: planted.google },
    azure,
    vault: { token: planted.vault },
    archivista: { token: planted.archivista },
    mongodb: { url: `mongodb://team:${encodeURIComponent(planted.mongodb)}@${host}/` },
    kafka: { username: 'team', password: planted.kafka },
  };
  const push = dockerConfig(host, { username: 'team', password: planted.registry });
  const docker = { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': push } };
  const witness = (name: string): object =>
    name === 'keyless'
      ? { transparency: { type: 'None', timestampAuthorities: [{ url: `https://${host}/tsa` }] }, trustedRoot: ROOT }
      : {};
  return [
    object('v1', 'ConfigMap', CA, { data: { 'ca.crt': ca } }),
    object('v1', 'ServiceAccount', ACCOUNT, {}),
    object('v1', 'Secret', 'registry', docker),
    ...Object.entries(secrets).map(([name, stringData]) => object('v1', 'Secret', name, { stringData })),
    ...Object.entries(mirroredStores(host)).map(([name, spec]) => object(hallmark, 'StorageBackend', name, { spec })),
    ...Object.entries(mirroredSigners(host)).map(([name, signer]) =>
      object(hallmark, 'SigningPolicy', name, { spec: { ...managedRuns, signer, ...witness(name) } }),
    ),
  ];
}

/** Without a root that can be used, no certificate would be asked for. */
const ROOT = { type: 'Inline', inline: trustedRootJson('https://log.example.com') };
