// SPDX-License-Identifier: Apache-2.0
import { Binary, MongoClient } from 'mongodb';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import { FerretDb } from '../../e2e/testbed/ferretdb/ferretdb.ts';
import { MongoProxy } from '../../e2e/testbed/ferretdb/mongo-proxy.ts';
import { Firestore } from '../../e2e/testbed/firestore/firestore.ts';
import type { StorageSubject } from './storage-subject.ts';
import { NAME, plainly, SubjectBed } from './subject-bed.ts';

/** Requests that the client makes for itself, whatever is stored. */
const HOUSEKEEPING: ReadonlySet<string> = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions']);

/** MongoDB's protocol; its requests are commands. */
export async function* mongoSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  const server = await FerretDb.start(bed.supervisor);
  const client = new MongoClient(`mongodb://${server.host}`);
  try {
    const database = client.db(NAME);
    const plain = database.collection('plain');
    await Promise.all([database.createCollection('chains'), database.createCollection('plain')]);
    const connectionSecretRef = { name: NAME };
    const spec: StorageBackendSpec = {
      type: 'MongoDB',
      mongodb: { connectionSecretRef, database: NAME, collection: 'chains' },
    };
    const way = (host: string) => ({
      driver: bed.driver(spec, { MONGO_SERVER_URL: `mongodb://${host}/` }),
      evidence: () => bed.evidence(),
    });
    yield {
      name: 'MongoDB',
      direct: () => way(server.host),
      counted: async () => {
        const proxy = await MongoProxy.start(server.host);
        const requests = (): number => proxy.commands.filter((name) => !HOUSEKEEPING.has(name)).length;
        return { ...way(proxy.host), requests, stop: () => proxy.stop() };
      },
      plainWrite: () => plain.insertOne({ Signed: new Binary(bed.payload) }),
    };
  } finally {
    await client.close();
    await bed.stop();
  }
}

/** Firestore's REST API. The emulator runs in this very process. */
export async function* firestoreSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  const firestore = await Firestore.start({ project: NAME, writer: NAME, reader: 'reader' });
  try {
    const authentication = { type: 'Secret', secretRef: { name: NAME } } as const;
    const place = { projectID: NAME, collection: 'chains', authentication, tls: { insecure: true } };
    const documents = `${firestore.url}/v1/projects/${NAME}/databases/(default)/documents/plain`;
    const body = JSON.stringify({ fields: { Signed: { bytesValue: bed.payload.toString('base64') } } });
    yield {
      name: 'Firestore',
      ...bed.backendWays(firestore.url, (endpoint) => ({ type: 'Firestore', firestore: { ...place, endpoint } }), {
        access_token: NAME,
      }),
      plainWrite: (index) =>
        plainly(`${documents}?documentId=plain-${index}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${NAME}` },
          body,
        }),
    };
  } finally {
    await firestore.stop();
    await bed.stop();
  }
}
