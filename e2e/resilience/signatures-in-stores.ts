// SPDX-License-Identifier: Apache-2.0
import { Firestore as FirestoreClient } from '@google-cloud/firestore';
import { Storage } from '@google-cloud/storage';
import { MongoClient } from 'mongodb';
import { at } from '../chart/helm.ts';
import { askDynamoDb } from '../storage/dynamodb-request.ts';
import { askS3 } from '../storage/s3-request.ts';
import { PLACE, type StoreName, type StoreServers } from './cut-stores.ts';

const PAYLOADS = `query($digest: String!) { dsses(where: {hasStatementWith: {hasSubjectsWith: {hasSubjectDigestsWith: {value: $digest}}}})
  { edges { node { signatures { signature } } } } }`;

/**
 * The signatures of all statements that a store holds, in base64 and with repetitions, asked of the server itself by clients that
 * share nothing with our drivers. `digest` is that of the one image that all statements are about.
 */
export async function signaturesIn(
  store: StoreName,
  servers: StoreServers,
  digest: string,
): Promise<readonly string[]> {
  const envelopes = store === 'archivista' ? undefined : await readers[store](servers);
  return (envelopes?.map(signatureOf) ?? (await inArchivista(servers, digest))).toSorted();
}

type Reader = (servers: StoreServers) => Promise<readonly Buffer[]>;

const readers: Readonly<Record<Exclude<StoreName, 'archivista'>, Reader>> = {
  gcs: async ({ gcs }) => {
    const [files] = await new Storage({ apiEndpoint: gcs.url, projectId: PLACE }).bucket(PLACE).getFiles();
    const signatures = files.filter(({ name }) => name.endsWith('.signature'));
    const read = signatures.map(async (file) => (await file.download({ validation: false }))[0]);
    return Promise.all(read);
  },
  s3: async ({ moto }) => {
    const listed = (await askS3(moto, `${PLACE}?list-type=2`)).toString();
    const names = [...listed.matchAll(/<Key>([^<]+\.signature)<\/Key>/g)].map(([, name]) => String(name));
    return Promise.all(names.map((name) => askS3(moto, `${PLACE}/${name}`)));
  },
  dynamodb: async ({ moto }) => {
    const found: Buffer[] = [];
    for (let start: unknown, isFirst = true; isFirst || start !== undefined; isFirst = false) {
      const from = start === undefined ? {} : { ExclusiveStartKey: start };
      const page = await askDynamoDb(moto, 'Scan', { TableName: PLACE, ...from });
      found.push(...encoded(listAt(page, 'Items').map((item) => at(item, 'Signature', 'S'))));
      start = page['LastEvaluatedKey'];
    }
    return found;
  },
  mongodb: async ({ mongo }) => {
    const client = new MongoClient(`mongodb://${mongo.host}/`);
    const documents = await client.db(PLACE).collection(PLACE).find().toArray();
    await client.close();
    return encoded(documents.map((document) => at(document, 'Signature')));
  },
  firestore: async ({ firestore }) => {
    const customHeaders = { authorization: 'Bearer owner' };
    const client = new FirestoreClient({ projectId: PLACE, host: firestore.grpcHost, ssl: false, customHeaders });
    const { docs } = await client.collection(PLACE).get();
    await client.terminate();
    return encoded(docs.map((document) => at(document.data(), 'Signature')));
  },
  grafeas: async ({ grafeas }) => {
    const found: Buffer[] = [];
    for (let token: string | undefined = ''; token !== undefined;) {
      const query = `pageSize=500&pageToken=${encodeURIComponent(token)}`;
      const answer = await fetch(`${grafeas.url}/v1beta1/projects/${PLACE}/occurrences?${query}`);
      const page: unknown = await answer.json();
      const occurrences = listAt(page, 'occurrences');
      found.push(...encoded(occurrences.map((one) => at(one, 'envelope', 'signatures', 0, 'sig'))));
      const next = at(page, 'nextPageToken');
      token = occurrences.length > 0 && typeof next === 'string' && next !== '' ? next : undefined;
    }
    return found;
  },
  kafka: async ({ kafka }) => (await kafka.messages(PLACE)).map(({ value }) => value),
};

async function inArchivista({ archivista }: StoreServers, digest: string): Promise<readonly string[]> {
  const data = await archivista.query(PAYLOADS, { digest });
  return listAt(data, 'dsses', 'edges').map((edge) => String(at(edge, 'node', 'signatures', 0, 'signature')));
}

/** The envelopes among base64 texts. Other texts, such as the note of a document's owner, are left out. */
function encoded(values: readonly unknown[]): readonly Buffer[] {
  return values.filter((value) => typeof value === 'string').map((value) => Buffer.from(value, 'base64'));
}

function signatureOf(envelope: Buffer): string {
  return String(at(JSON.parse(envelope.toString('utf8')), 'signatures', 0, 'sig'));
}

function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
