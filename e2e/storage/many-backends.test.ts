// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Storage } from '@google-cloud/storage';
import { MongoClient } from 'mongodb';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { dsse } from '@sigstore/core';
import { at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, storageOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { Archivista } from '../testbed/archivista/archivista.ts';
import { FerretDb } from '../testbed/ferretdb/ferretdb.ts';
import { FakeGcs } from '../testbed/gcs/fake-gcs.ts';
import { Kafka } from '../testbed/kafka/kafka.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { askDynamoDb, makeEvidenceTable } from './dynamodb-request.ts';
import { askS3, makeS3Bucket } from './s3-request.ts';

const NAME = 'many';
const BUCKET = 'evidence';
const backends = ['s3', 'gcs', 'dynamodb', 'kafka', 'mongodb', 'archivista', 'registry'] as const;
const planted = {
  aws: 'planted-secret-key',
  google: 'planted-bearer-token',
  archivista: 'planted-archivista-token',
} as const;

let installation: Installation;
let moto: Moto;
let gcs: FakeGcs;
let kafka: Kafka;
let mongo: FerretDb;
let archivista: Archivista;
let team: Team;
let build: Build;
let record: ProvenanceRecord;

before(async () => {
  installation = await Installation.start({
    label: 'many-backends',
    replicas: 1,
    values: ['config.outbound.allow=["127.0.0.0/8"]'],
  });
  const { supervisor } = installation.testbed;
  [moto, gcs, kafka, mongo, archivista] = await Promise.all([
    Moto.start(supervisor),
    FakeGcs.start(supervisor),
    Kafka.start(supervisor, { topics: [BUCKET] }),
    FerretDb.start(supervisor),
    Archivista.start(supervisor),
  ]);
  await makeCollection();
  await Promise.all([makeS3Bucket(moto, BUCKET), gcs.makeBucket(BUCKET), makeEvidenceTable(moto, BUCKET)]);
  const backendRefs = backends.map((name) => ({ kind: 'StorageBackend', name }));
  team = await installation.team({ name: NAME, backends: ['registry'], policy: { backendRefs } });
  await installation.apply(...stores());
  await team.untilReady();
  build = await team.build({ name: 'bake-1' });
  record = await team.readyRecord(build);
});
after(() => installation.stop());

/** The probe wants the collection to be there, as an administrator makes it. */
async function makeCollection(): Promise<void> {
  const client = new MongoClient(`mongodb://${mongo.host}/`);
  await client.db(BUCKET).createCollection(BUCKET);
  await client.close();
}

/** The backends of the team, and the Secrets that they are reached with. */
function stores(): readonly object[] {
  const metadata = (name: string): object => ({ name, namespace: NAME });
  const secret = (name: string, stringData: object): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(name),
    stringData,
  });
  const store = (name: string, spec: object): object => ({
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'StorageBackend',
    metadata: metadata(name),
    spec,
  });
  const aws = {
    region: moto.region,
    endpoint: moto.url,
    authentication: { type: 'Secret', secretRef: { name: 'aws' } },
    tls: { insecure: true },
  };
  const google = { authentication: { type: 'Secret', secretRef: { name: 'google' } }, tls: { insecure: true } };
  return [
    secret('aws', { aws_access_key_id: 'AKIATEAM', aws_secret_access_key: planted.aws }),
    secret('mongodb', { url: `mongodb://${mongo.host}/` }),
    secret('google', { access_token: planted.google }),
    secret('archivista', { token: planted.archivista }),
    store('s3', { type: 'S3', s3: { bucket: BUCKET, forcePathStyle: true, ...aws } }),
    store('dynamodb', { type: 'DynamoDB', dynamodb: { table: BUCKET, ...aws } }),
    store('gcs', { type: 'GCS', gcs: { bucket: BUCKET, apiEndpoint: gcs.url, ...google } }),
    store('mongodb', {
      type: 'MongoDB',
      mongodb: {
        connectionSecretRef: { name: 'mongodb', key: 'url' },
        database: BUCKET,
        collection: BUCKET,
      },
    }),
    store('archivista', {
      type: 'Archivista',
      artifacts: ['Attestation'],
      archivista: {
        url: archivista.url,
        authentication: { type: 'Secret', secretRef: { name: 'archivista' } },
        tls: { insecure: true },
      },
    }),
    store('kafka', { type: 'Kafka', kafka: { bootstrapServers: [kafka.host], topic: BUCKET, plaintext: true } }),
  ];
}

/** The location of the attestation in a backend, according to the record. */
function attestationIn(backend: string): string {
  const { locations = [] } = storageOf(record, backend) ?? {};
  const found = locations
    .map(({ uri }) => uri)
    .find((uri) => uri.includes(`taskrun-${build.uid}`) || uri.startsWith('kafka:'));
  assert.ok(found !== undefined, JSON.stringify(locations));
  return found;
}

/** Fails unless the text is an envelope of the run's provenance with a signature by the team's key. */
function assertProvenance(text: Buffer): void {
  const envelope: unknown = JSON.parse(text.toString('utf8'));
  const payload = Buffer.from(String(at(envelope, 'payload')), 'base64');
  const signature = Buffer.from(String(at(envelope, 'signatures', 0, 'sig')), 'base64');
  const signed = dsse.preAuthEncoding(String(at(envelope, 'payloadType')), payload);
  assert.ok(verify('sha256', signed, createPublicKey(team.key.publicKey), signature));
  assert.equal(
    at(JSON.parse(payload.toString('utf8')), 'predicate', 'runDetails', 'metadata', 'invocationId'),
    build.uid,
  );
}

describe('a run whose evidence goes to many backends at once', () => {
  it('is stored in each, with one signature, and read back', () => {
    assert.equal(record.status?.stored, `${backends.length}/${backends.length}`);
    assert.equal(conditionOf(record, 'Verified')?.status, 'True');
    for (const name of backends) assert.equal(storageOf(record, name)?.state, 'Stored', name);
  });

  it('is found in S3', async () => {
    const stem = attestationIn('s3').replace(`s3://${BUCKET}/`, '');
    assert.equal(stem, `taskrun-${NAME}-bake-1/taskrun-${build.uid}`);
    assertProvenance(await askS3(moto, `${BUCKET}/${stem}.signature`));
  });

  it("is found in Cloud Storage by Google's own client", async () => {
    const stem = attestationIn('gcs').replace(`gs://${BUCKET}/`, '');
    const bucket = new Storage({ apiEndpoint: gcs.url, projectId: 'test' }).bucket(BUCKET);
    const [signature] = await bucket.file(`${stem}.signature`).download({ validation: false });
    assertProvenance(signature);
  });

  it('is found in DynamoDB', async () => {
    const Key = { Name: { S: `taskrun-${build.uid}` } };
    const answer = await askDynamoDb(moto, 'GetItem', { TableName: BUCKET, Key });
    assertProvenance(Buffer.from(String(at(answer, 'Item', 'Signature', 'S')), 'base64'));
  });

  it("is found in MongoDB by MongoDB's own client", async () => {
    const client = new MongoClient(`mongodb://${mongo.host}/`);
    const found = await client
      .db(BUCKET)
      .collection(BUCKET)
      .findOne({ Name: `taskrun-${build.uid}` });
    await client.close();
    assertProvenance(Buffer.from(String(at(found, 'Signature')), 'base64'));
  });

  it('is found in Archivista by what its own HTTP gives', async () => {
    const [location] = storageOf(record, 'archivista')?.locations ?? [];
    const gitoid = /[0-9a-f]{64}/.exec(location?.uri ?? '')?.[0] ?? '';
    const answer = await fetch(`${archivista.url}/download/${gitoid}`);
    assertProvenance(Buffer.from(await answer.arrayBuffer()));
  });

  it("is found in Kafka by franz-go's consumer", async () => {
    const messages = await kafka.messages(BUCKET);
    const attestations = messages.filter(({ key }) => key === `taskrun-${build.uid}`);
    assert.equal(attestations.length, 1);
    for (const { value } of attestations) assertProvenance(value);
    assert.equal(messages.length, 2, 'the attestation and the image signature');
  });

  it('shows no key, password or token in logs, Events, metrics or objects', async () => {
    const texts = await shownTexts(installation);
    assert.ok(texts['logs']?.includes('"message":"record ready"'));
    assert.deepEqual(leaks(texts, [...Object.values(planted), ...secretsOf(team)]), []);
    const { stdout } = await installation.kubectl(['get', 'secrets', '-n', NAME, '-o', 'json']);
    for (const secret of Object.values(planted)) assert.notDeepEqual(leaks({ stdout }, [secret]), []);
  });
});
