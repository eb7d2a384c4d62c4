// SPDX-License-Identifier: Apache-2.0

/** A part of Chains that a key belongs to: without that part, the key has no effect. */
export type ChainsPart =
  | 'gcs'
  | 'oci'
  | 'docdb'
  | 'grafeas'
  | 'archivista'
  | 'kafka'
  | 'kms'
  | 'vault'
  | 'vaultToken'
  | 'vaultRole'
  | 'fulcio'
  | 'roots'
  | 'transparency';

/** One key of Chains' ConfigMap. */
export interface ChainsKey {
  /** `Moved`: into the manifests. `ByHand`: something is left to do. `None`: it has no counterpart. */
  readonly outcome: 'Moved' | 'ByHand' | 'None';
  /** Its new place, or what to do. */
  readonly becomes: string;
  readonly part?: ChainsPart;
  /** The values that Chains accepts. */
  readonly values?: readonly string[];
  readonly form?: 'Set' | 'Boolean';
  readonly fallback: string;
}

const storages = ['archivista', 'docdb', 'gcs', 'grafeas', 'kafka', 'oci', 'tekton'];
const runFormats = ['in-toto', 'slsa/v1', 'slsa/v2alpha3', 'slsa/v2alpha4'];
const signers = ['kms', 'none', 'x509'];

function moved(becomes: string, rest: Partial<ChainsKey> = {}): ChainsKey {
  return { outcome: 'Moved', becomes, fallback: '', ...rest };
}

function byHand(becomes: string, rest: Partial<ChainsKey> = {}): ChainsKey {
  return { outcome: 'ByHand', becomes, fallback: '', ...rest };
}

function none(becomes: string, rest: Partial<ChainsKey> = {}): ChainsKey {
  return { outcome: 'None', becomes, fallback: '', ...rest };
}

const mongoSecret =
  'the connection string belongs into the Secret that mongodb.connectionSecretRef names, in the entry MONGO_SERVER_URL';
const kmsSecret = 'the token belongs into the Secret that signer.kms.secretRef names, in the entry token';

/** Every key that Chains 0.22 reads from its ConfigMap `chains-config`. */
export const chainsKeys = {
  'artifacts.taskrun.format': moved('attestation.format of the policy for TaskRuns', {
    values: runFormats,
    fallback: 'in-toto',
  }),
  'artifacts.taskrun.storage': moved('backendRefs of the policy for TaskRuns', {
    values: storages,
    form: 'Set',
    fallback: 'tekton',
  }),
  'artifacts.taskrun.signer': moved('signer of the policy for TaskRuns', { values: signers, fallback: 'x509' }),
  'artifacts.pipelinerun.format': moved('attestation.format of the policy for PipelineRuns', {
    values: runFormats,
    fallback: 'in-toto',
  }),
  'artifacts.pipelinerun.storage': moved('backendRefs of the policy for PipelineRuns', {
    values: storages.filter((name) => name !== 'kafka'),
    form: 'Set',
    fallback: 'tekton',
  }),
  'artifacts.pipelinerun.signer': moved('signer of the policy for PipelineRuns', { values: signers, fallback: 'x509' }),
  'artifacts.pipelinerun.enable-deep-inspection': moved('attestation.deepInspection', {
    form: 'Boolean',
    fallback: 'false',
  }),
  'artifacts.oci.format': moved('imageSignatures.formats', { values: ['simplesigning'], fallback: 'simplesigning' }),
  'artifacts.oci.storage': moved('artifacts of the backends: those that take an ImageSignature', {
    values: storages,
    form: 'Set',
    fallback: 'oci',
  }),
  'artifacts.oci.signer': moved('signer of the policy that signs images', { values: signers, fallback: 'x509' }),
  'storage.gcs.bucket': moved('gcs.bucket', { part: 'gcs' }),
  'storage.oci.repository': moved('oci.repository', { part: 'oci' }),
  'storage.oci.repository.insecure': moved('oci.tls.insecure', { part: 'oci', form: 'Boolean', fallback: 'false' }),
  'storage.oci.encoding-format': moved('oci.encoding', {
    part: 'oci',
    values: ['dsse', 'sigstore-bundle'],
    fallback: 'dsse',
  }),
  'storage.docdb.url': moved('the type of the backend (MongoDB, Firestore or DynamoDB) and its names', {
    part: 'docdb',
  }),
  'storage.docdb.mongo-server-url': byHand(mongoSecret, { part: 'docdb' }),
  'storage.docdb.mongo-server-url-dir': byHand(`${mongoSecret}; nothing is mounted`, { part: 'docdb' }),
  'storage.docdb.mongo-server-url-path': byHand(`${mongoSecret}; nothing is mounted`, { part: 'docdb' }),
  'storage.grafeas.projectid': moved('grafeas.projectID', { part: 'grafeas' }),
  'storage.grafeas.noteid': moved('grafeas.noteID; a hash of namespace and policy follows it', { part: 'grafeas' }),
  'storage.grafeas.notehint': moved('grafeas.noteHint', { part: 'grafeas' }),
  'storage.archivista.url': moved('archivista.url', { part: 'archivista' }),
  'storage.pubsub.provider': moved('type Kafka', {
    part: 'kafka',
    values: ['', 'inmemory', 'kafka'],
  }),
  'storage.pubsub.topic': moved('kafka.topic', { part: 'kafka' }),
  'storage.pubsub.kafka.bootstrap.servers': moved('kafka.bootstrapServers', { part: 'kafka' }),
  'signers.kms.kmsref': moved('signer.kms.uri', { part: 'kms' }),
  'signers.kms.auth.address': moved('signer.kms.vault.address', { part: 'vault' }),
  'signers.kms.auth.token': byHand(kmsSecret, { part: 'vaultToken' }),
  'signers.kms.auth.token-path': byHand(`${kmsSecret}; nothing is mounted`, { part: 'vaultToken' }),
  'signers.kms.auth.oidc.path': moved('signer.kms.vault.authentication.path', { part: 'vaultRole' }),
  'signers.kms.auth.oidc.role': moved(
    'signer.kms.vault.authentication.role; bind the role to the ServiceAccount that signer.kms.serviceAccountName names',
    { part: 'vaultRole' },
  ),
  'signers.kms.auth.oidc.token-path': none(
    'Hallmark asks the API server for a token of signer.kms.serviceAccountName instead',
    { part: 'vaultRole' },
  ),
  'signers.kms.auth.spire.sock': none(
    'SPIRE is not supported: log in with a ServiceAccount (signer.kms.vault.authentication) or a Secret',
    { part: 'vault' },
  ),
  'signers.kms.auth.spire.audience': none(
    'SPIRE is not supported: log in with a ServiceAccount (signer.kms.vault.authentication) or a Secret',
    { part: 'vault' },
  ),
  'signers.x509.fulcio.enabled': moved('signer.type: Keyless', { form: 'Boolean', fallback: 'false' }),
  'signers.x509.fulcio.address': moved('signer.keyless.fulcioURL', {
    part: 'fulcio',
    fallback: 'https://fulcio.sigstore.dev',
  }),
  'signers.x509.fulcio.issuer': none('Chains does not use it either: Fulcio takes the issuer from the token', {
    part: 'fulcio',
  }),
  'signers.x509.fulcio.provider': none(
    'the token is always one of the ServiceAccount that signer.keyless.serviceAccountName names',
    { part: 'fulcio' },
  ),
  'signers.x509.identity.token.file': none(
    'nothing is mounted: the token is always one of the ServiceAccount that signer.keyless.serviceAccountName names',
    { part: 'fulcio' },
  ),
  'signers.x509.tuf.mirror.url': moved('trustedRoot.tuf.mirror', {
    part: 'roots',
    fallback: 'https://tuf-repo-cdn.sigstore.dev',
  }),
  'builder.id': moved('attestation.builderID', { fallback: 'https://tekton.dev/chains/v2' }),
  'builddefinition.buildtype': moved('attestation.buildType', {
    values: ['https://tekton.dev/chains/v2/slsa', 'https://tekton.dev/chains/v2/slsa-tekton'],
    fallback: 'https://tekton.dev/chains/v2/slsa',
  }),
  'filter.managed-by': moved('runs.managedBy', { form: 'Set' }),
  'transparency.enabled': moved('transparency.type'),
  'transparency.url': moved('transparency.rekor.url, and config.transparency.logs in the values of the chart', {
    part: 'transparency',
    fallback: 'https://rekor.sigstore.dev',
  }),
} as const satisfies Readonly<Record<string, ChainsKey>>;

export type ChainsKeyName = keyof typeof chainsKeys;

export function isChainsKey(name: string): name is ChainsKeyName {
  return Object.hasOwn(chainsKeys, name);
}
