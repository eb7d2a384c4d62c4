// SPDX-License-Identifier: Apache-2.0
import { MongoClient } from 'mongodb';
import { Archivista } from '../testbed/archivista/archivista.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { FerretDb } from '../testbed/ferretdb/ferretdb.ts';
import { MongoProxy } from '../testbed/ferretdb/mongo-proxy.ts';
import { Firestore } from '../testbed/firestore/firestore.ts';
import { FakeGcs } from '../testbed/gcs/fake-gcs.ts';
import { Grafeas } from '../testbed/grafeas/grafeas.ts';
import { Kafka } from '../testbed/kafka/kafka.ts';
import { Moto } from '../testbed/moto/moto.ts';
import type { Supervisor } from '../testbed/processes/supervisor.ts';
import { makeEvidenceTable } from '../storage/dynamodb-request.ts';
import { makeS3Bucket } from '../storage/s3-request.ts';

/** The name of the bucket, table, collection, topic and project that hold the evidence. */
export const PLACE = 'evidence';

/** The backends, by their names. */
export const stores = ['gcs', 's3', 'dynamodb', 'mongodb', 'firestore', 'grafeas', 'archivista', 'kafka'] as const;
export type StoreName = (typeof stores)[number];
type HttpStore = Exclude<StoreName, 'mongodb' | 'kafka'>;

const TOKEN = 'planted-bearer-token';
const AWS_KEY = 'planted-secret-key';
/** Secrets that must never be shown. */
export const plantedInStores = [TOKEN, AWS_KEY] as const;
const tls = { insecure: true } as const;

export interface StoreServers {
  readonly moto: Moto;
  readonly gcs: FakeGcs;
  readonly firestore: Firestore;
  readonly grafeas: Grafeas;
  readonly archivista: Archivista;
  readonly mongo: FerretDb;
  readonly kafka: Kafka;
}

async function startServers(supervisor: Supervisor): Promise<StoreServers> {
  const [moto, gcs, firestore, grafeas, archivista, mongo, kafka] = await Promise.all([
    Moto.start(supervisor),
    FakeGcs.start(supervisor),
    Firestore.start({ project: PLACE, writer: TOKEN, reader: 'planted-reader' }),
    Grafeas.start(supervisor, { apiVersion: 'v1beta1', project: PLACE }),
    Archivista.start(supervisor),
    FerretDb.start(supervisor),
    Kafka.start(supervisor, { topics: [PLACE] }),
  ]);
  await Promise.all([makeS3Bucket(moto, PLACE), makeEvidenceTable(moto, PLACE), gcs.makeBucket(PLACE)]);
  const client = new MongoClient(`mongodb://${mongo.host}/`);
  await client.db(PLACE).createCollection(PLACE);
  await client.close();
  return { moto, gcs, firestore, grafeas, archivista, mongo, kafka };
}

/**
 * One real server of every kind of store, all of which can be cut off at once. Some lose what they hold when they are killed: it is
 * the connections to them that break, and only Kafka, whose broker announces its own address, is killed.
 */
export class CutStores {
  readonly servers: StoreServers;
  readonly #http: Readonly<Record<HttpStore, FaultProxy>>;
  readonly #mongo: MongoProxy;

  private constructor(servers: StoreServers, http: Readonly<Record<HttpStore, FaultProxy>>, mongo: MongoProxy) {
    this.servers = servers;
    this.#http = http;
    this.#mongo = mongo;
  }

  static async start(supervisor: Supervisor): Promise<CutStores> {
    const servers = await startServers(supervisor);
    const { moto, gcs, firestore, grafeas, archivista, mongo } = servers;
    const proxied = {
      gcs: await FaultProxy.start({ target: gcs.url }),
      s3: await FaultProxy.start({ target: moto.url }),
      dynamodb: await FaultProxy.start({ target: moto.url }),
      firestore: await FaultProxy.start({ target: firestore.url }),
      grafeas: await FaultProxy.start({ target: grafeas.url }),
      archivista: await FaultProxy.start({ target: archivista.url }),
    };
    return new CutStores(servers, proxied, await MongoProxy.start(mongo.host));
  }

  /** Cuts all of them off, in the middle of their requests. */
  async cut(): Promise<void> {
    for (const proxy of Object.values(this.#http)) {
      proxy.fail({ type: 'Reset' });
      proxy.cut();
    }
    this.#mongo.fault = () => 'Cut';
    await this.servers.kafka.down();
  }

  async heal(): Promise<void> {
    for (const proxy of Object.values(this.#http)) proxy.heal();
    this.#mongo.heal();
    await this.servers.kafka.up();
  }

  /** Counts the requests anew. */
  forgetRequests(): void {
    for (const proxy of Object.values(this.#http)) proxy.requests.length = 0;
    this.#mongo.commands.length = 0;
  }

  /** The number of requests that each received since then; for MongoDB the commands, including `hello` of its client's own monitor. */
  requests(): Readonly<Record<string, number>> {
    const http = Object.entries(this.#http).map(([name, { requests }]) => [name, requests.length] as const);
    return { ...Object.fromEntries(http), mongodb: this.#mongo.commands.length };
  }

  /** The backends of a team, and the Secrets that they are reached with. */
  manifests(namespace: string): readonly object[] {
    const secret = (name: string, stringData: object): object => ({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } },
      stringData,
    });
    const specs = Object.entries(this.#specs());
    return [
      secret('aws', { aws_access_key_id: 'AKIATEAM', aws_secret_access_key: AWS_KEY }),
      secret('mongodb', { url: `mongodb://${this.#mongo.host}/` }),
      secret('google', { access_token: TOKEN }),
      ...specs.map(([name, spec]) => ({
        ...{ apiVersion: 'hallmark.dev/v1alpha1', kind: 'StorageBackend', metadata: { name, namespace } },
        spec: { artifacts: ['Attestation'], ...spec },
      })),
    ];
  }

  #specs(): Readonly<Record<StoreName, object>> {
    const { gcs, s3, dynamodb, firestore, grafeas, archivista } = this.#http;
    const aws = { region: this.servers.moto.region, ...bySecret('aws') };
    const google = bySecret('google');
    const mongodb = { connectionSecretRef: { name: 'mongodb', key: 'url' }, database: PLACE, collection: PLACE, tls };
    return {
      gcs: { type: 'GCS', gcs: { bucket: PLACE, apiEndpoint: gcs.url, ...google } },
      s3: { type: 'S3', s3: { bucket: PLACE, forcePathStyle: true, endpoint: s3.url, ...aws } },
      dynamodb: { type: 'DynamoDB', dynamodb: { table: PLACE, endpoint: dynamodb.url, ...aws } },
      mongodb: { type: 'MongoDB', mongodb },
      firestore: {
        type: 'Firestore',
        firestore: { projectID: PLACE, collection: PLACE, endpoint: firestore.url, ...google },
      },
      grafeas: {
        type: 'Grafeas',
        grafeas: { projectID: PLACE, endpoint: grafeas.url, apiVersion: 'v1beta1', tls },
      },
      archivista: { type: 'Archivista', archivista: { url: archivista.url, tls } },
      kafka: {
        type: 'Kafka',
        kafka: { bootstrapServers: [this.servers.kafka.host], topic: PLACE, plaintext: true },
      },
    };
  }

  /** Ends what the supervisor does not. */
  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#http).map((proxy) => proxy.stop()));
    await this.#mongo.stop();
    await this.servers.firestore.stop();
  }
}

function bySecret(name: string): object {
  return { authentication: { type: 'Secret', secretRef: { name } }, tls };
}
