// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { effectiveStorageBackendSpec } from '../src/api/v1alpha1/storage-backend/defaults.ts';
import type { StorageBackendSpec } from '../src/api/v1alpha1/storage-backend/schema.ts';
import type { SignedArtifact } from '../src/evidence/signed-artifact.ts';
import { OutboundDoor } from '../src/net/outbound-door.ts';
import { systemClock } from '../src/runtime/clock.ts';
import type { DriverContext } from '../src/storage/driver-context.ts';
import type { RunTarget, StorageDriver } from '../src/storage/driver.ts';
import { storageDriver } from '../src/storage/storage-driver.ts';
import { newSigner } from '../e2e/storage/cloud-bed.ts';
import { askDynamoDb, makeEvidenceTable } from '../e2e/storage/dynamodb-request.ts';
import { makeS3Bucket, sendToS3 } from '../e2e/storage/s3-request.ts';
import { runTarget, signedStatement } from '../e2e/storage/signed-evidence.ts';
import { FakeGcs } from '../e2e/testbed/gcs/fake-gcs.ts';
import { Kafka } from '../e2e/testbed/kafka/kafka.ts';
import { Moto } from '../e2e/testbed/moto/moto.ts';
import { Supervisor } from '../e2e/testbed/processes/supervisor.ts';
import { Registry } from '../e2e/testbed/registry/registry.ts';

/** A driver on its real server, and the plainest write that the server takes. */
export interface StorageSubject {
  readonly name: string;
  /** The backend, at the server or at a proxy in front of it. */
  spec(url: string): StorageBackendSpec;
  /** Where the server listens, `http://host:port`; empty when it speaks no HTTP. */
  readonly url: string;
  evidence(): Promise<{ readonly run: RunTarget; readonly artifact: SignedArtifact }>;
  plainWrite(index: number): Promise<unknown>;
}

const NAME = 'bench';
/** What the Secrets of all backends hold here. */
const ENTRIES = {
  access_token: Buffer.from('bench'),
  aws_access_key_id: Buffer.from('bench'),
  aws_secret_access_key: Buffer.from('bench'),
};

/** The servers of all drivers, on this machine. */
export class StorageSubjects {
  readonly #supervisor = new Supervisor('bench-storage');
  readonly #door = new OutboundDoor({ allow: ['127.0.0.0/8'] });

  async stop(): Promise<void> {
    await this.#door.close();
    await this.#supervisor.stop();
  }

  /** The driver as in production, but for the objects of the cluster, which it is given from memory. */
  driver(spec: StorageBackendSpec): StorageDriver {
    const refuse = (): never => {
      throw new Error('the bench has no cluster');
    };
    const context: DriverContext = {
      objects: {
        getSecret: () => Promise.resolve(ENTRIES),
        getConfigMap: () => Promise.resolve({}),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: { token: refuse },
      annotator: { annotateRun: refuse, readAnnotations: refuse },
      door: this.#door,
      clock: systemClock,
    };
    const definition = { kind: 'StorageBackend', name: NAME, namespace: NAME } as const;
    return storageDriver({ ...definition, spec: effectiveStorageBackendSpec(spec) }, context);
  }

  async all(): Promise<readonly StorageSubject[]> {
    const signer = await newSigner();
    const statement = (name: string, sha256: string): Promise<SignedArtifact> =>
      signedStatement(signer, [{ name, digest: { sha256 } }], 'x'.repeat(8000));
    const evidence = async () => ({
      run: runTarget(NAME),
      artifact: await statement('reg.example/app', randomUUID().replaceAll('-', '').repeat(2)),
    });
    const { payload } = await statement('reg.example/app', 'ab'.repeat(32));
    return [
      await this.#registry(statement, payload),
      await this.#gcs(evidence, payload),
      ...(await this.#aws(evidence, payload)),
      await this.#kafka(evidence, payload),
    ];
  }

  async #registry(
    statement: (name: string, sha256: string) => Promise<SignedArtifact>,
    payload: Buffer,
  ): Promise<StorageSubject> {
    const registry = await Registry.start(this.#supervisor, { referrers: true });
    const client = registry.client();
    const authentication = { type: 'Anonymous' } as const;
    return {
      name: 'OCI, CosignTags',
      spec: (url) => {
        const repository = `${new URL(url).host}/evidence`;
        return { type: 'OCI', oci: { encoding: 'CosignTags', repository, authentication, tls: { insecure: true } } };
      },
      url: `http://${registry.host}`,
      evidence: async () => ({
        run: runTarget(NAME),
        artifact: await statement(`${registry.host}/app`, randomUUID().replaceAll('-', '').repeat(2)),
      }),
      plainWrite: (index) =>
        client.send(`/v2/plain/blobs/uploads/?n=${index}`, { method: 'POST', body: payload.toString() }),
    };
  }

  async #gcs(evidence: StorageSubject['evidence'], payload: Buffer): Promise<StorageSubject> {
    const gcs = await FakeGcs.start(this.#supervisor);
    await gcs.makeBucket(NAME);
    const authentication = { type: 'Secret', secretRef: { name: NAME } } as const;
    const body = new Uint8Array(payload);
    return {
      name: 'GCS',
      spec: (url) => ({
        type: 'GCS',
        gcs: { bucket: NAME, apiEndpoint: url, authentication, tls: { insecure: true } },
      }),
      url: gcs.url,
      evidence,
      plainWrite: async (index) => {
        const path = `/upload/storage/v1/b/${NAME}/o?uploadType=media&name=plain-${index}`;
        await (await fetch(`${gcs.url}${path}`, { method: 'POST', body })).arrayBuffer();
      },
    };
  }

  async #aws(evidence: StorageSubject['evidence'], payload: Buffer): Promise<readonly StorageSubject[]> {
    const moto = await Moto.start(this.#supervisor);
    await Promise.all([makeS3Bucket(moto, NAME), makeEvidenceTable(moto, NAME)]);
    const authentication = { type: 'Secret', secretRef: { name: NAME } } as const;
    const aws = { region: moto.region, authentication, tls: { insecure: true } };
    const item = { Signed: { B: payload.toString('base64') } };
    return [
      {
        name: 'S3',
        spec: (endpoint) => ({ type: 'S3', s3: { bucket: NAME, forcePathStyle: true, endpoint, ...aws } }),
        url: moto.url,
        evidence,
        plainWrite: async (index) => {
          const body = new Uint8Array(payload);
          await (await sendToS3(moto, `${NAME}/plain-${index}`, { method: 'PUT', body })).arrayBuffer();
        },
      },
      {
        name: 'DynamoDB',
        spec: (endpoint) => ({ type: 'DynamoDB', dynamodb: { table: NAME, endpoint, ...aws } }),
        url: moto.url,
        evidence,
        plainWrite: (index) =>
          askDynamoDb(moto, 'PutItem', { TableName: NAME, Item: { Name: { S: `plain-${index}` }, ...item } }),
      },
    ];
  }

  async #kafka(evidence: StorageSubject['evidence'], payload: Buffer): Promise<StorageSubject> {
    const { Producer, stringSerializers } = await import('@platformatic/kafka');
    const kafka = await Kafka.start(this.#supervisor, { topics: [NAME, 'plain'] });
    const producer = new Producer({ clientId: NAME, bootstrapBrokers: [kafka.host], serializers: stringSerializers });
    const value = payload.toString();
    return {
      name: 'Kafka',
      spec: () => ({ type: 'Kafka', kafka: { bootstrapServers: [kafka.host], topic: NAME, plaintext: true } }),
      url: '',
      evidence,
      plainWrite: (index) => producer.send({ messages: [{ topic: 'plain', key: String(index), value }], acks: -1 }),
    };
  }
}
