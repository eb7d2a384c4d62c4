// SPDX-License-Identifier: Apache-2.0
import type { Collection, MongoClient } from 'mongodb';
import { runProbe } from '../run-probe.ts';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { MongoDBSpec } from '../../api/v1alpha1/backend-types/mongodb.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { backendTls } from '../http/backend-tls.ts';
import { callFailure } from '../http/call-failure.ts';
import { storedChain } from '../documents/certificate-texts.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { evidenceDocument } from '../documents/evidence-document.ts';
import { evidenceName, evidenceOwner } from '../documents/evidence-name.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { MongoConnection } from './mongo-connection.ts';
import type { MongoTarget } from './mongo-connection.ts';
import { mongoDocument, projection, storedDocument } from './mongo-document.ts';
import { probeCollection } from './mongo-probe.ts';
import { storeDocument } from './store-document.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

export type MongoSettings = WithEffectiveTls<MongoDBSpec>;
export type MongoContext = Pick<DriverContext, 'egress' | 'objects' | 'putTimeoutMs'>;

const DEFAULT_ENTRY = 'MONGO_SERVER_URL';
const PUT_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 20_000;
/** The server's own limit is 100 with the document itself. */
const LIMITS = { store: 'MongoDB', maxDepth: 98 } as const;

/** Evidence as documents of a collection, one an artifact, as Tekton Chains' docdb storage writes them. */
export class MongoDriver implements StorageDriver {
  readonly #backend: BackendDefinition;
  readonly #settings: MongoSettings;
  readonly #context: MongoContext;
  readonly #connection: MongoConnection;

  constructor(backend: BackendDefinition, settings: MongoSettings, context: MongoContext) {
    this.#backend = backend;
    this.#settings = settings;
    this.#context = context;
    this.#connection = new MongoConnection(context.egress);
  }

  /** Read the account's privileges, and check that the collection exists. */
  probe(signal: AbortSignal): Promise<Probe> {
    const { database, collection } = this.#settings;
    const doing = `reaching ${this.#place()}`;
    return runProbe(signal, async () => {
      await this.#call({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, (client, inTime) =>
        probeCollection(client, { database, collection }, inTime),
      );
    });
  }

  nameOf(artifact: SignedArtifact, run: RunTarget): string {
    return evidenceName(artifact, run, this.#backend.spec.keys);
  }

  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const name = evidenceName(artifact, run, this.#backend.spec.keys);
    const owner = evidenceOwner(artifact, run);
    const evidence = evidenceDocument(artifact, name, LIMITS);
    const doing = `writing ${this.#place()}/${name}`;
    const { BSON } = await import('mongodb');
    const document = mongoDocument(BSON, evidence);
    const timeoutMs = this.#context.putTimeoutMs ?? PUT_TIMEOUT_MS;
    await this.#call({ signal, timeoutMs, doing }, (client, inTime) =>
      storeDocument(this.#collection(client), { document, evidence, owner, artifact, doing, signal: inTime }),
    );
    return [{ uri: `${this.#place()}/${name}`, digest: payloadDigest(artifact.payload) }];
  }

  async get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    signal.throwIfAborted();
    const name = this.#nameOf(location);
    const doing = `reading ${location.uri}`;
    return this.#call({ signal, timeoutMs: READ_TIMEOUT_MS, doing }, async (client, inTime) => {
      const document = storedDocument(
        await this.#collection(client).findOne({ _id: name }, { projection, signal: inTime }),
      );
      if (document === undefined) {
        throw new StorageError('BackendRejected', `${doing}: there is no such document, or it holds no evidence`);
      }
      const { payload, signature, certificate, chain } = document;
      return { payload, signature, encoding: 'SignatureText', ...storedChain({ certificate, chain }) };
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #collection(client: MongoClient): Collection<{ _id: string }> {
    return client.db(this.#settings.database).collection<{ _id: string }>(this.#settings.collection);
  }

  /** The connection string is a secret with its hosts: places are named below it. */
  #place(): string {
    return `mongo://${this.#settings.database}/${this.#settings.collection}`;
  }

  #nameOf({ uri }: Location): string {
    const prefix = `${this.#place()}/`;
    const name = uri.startsWith(prefix) ? uri.slice(prefix.length) : '';
    if (/^[-.a-z0-9]{1,320}$/.test(name)) return name;
    throw new StorageError('BackendRejected', `"${uri}" is not a document of ${this.#place()}`);
  }

  async #call<T>(
    options: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly doing: string },
    work: (client: MongoClient, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return withinDeadline(options, async (signal) => {
      const target = await this.#target(signal, options.doing);
      return this.#connection.use(target, options.doing, (client) => work(client, signal));
    });
  }

  async #target(signal: AbortSignal, doing: string): Promise<MongoTarget> {
    const { objects } = this.#context;
    const { namespace } = this.#backend;
    const { name, key = DEFAULT_ENTRY } = this.#settings.connectionSecretRef;
    const described = `entry ${key} of Secret ${namespace}/${name}`;
    try {
      const tls = await backendTls(this.#backend, this.#settings.tls, objects, signal);
      const entry = (await objects.getSecret(namespace, name, signal))?.[key];
      // As Chains does: files made by hand end with a line feed.
      const connectionString = Buffer.from(entry ?? '')
        .toString('utf8')
        .replace(/\n$/, '');
      if (connectionString !== '') return { connectionString, tls, described };
    } catch (error) {
      signal.throwIfAborted();
      throw callFailure(error, doing);
    }
    const message = `${described}, which ${describeBackend(this.#backend)} connects with, does not exist or is empty; put the connection string there`;
    throw new StorageError('BackendUnauthorized', message);
  }
}
