// SPDX-License-Identifier: Apache-2.0
import type { BSON } from 'mongodb';
import { isObject } from '../../json/fields.ts';
import type { EvidenceDocument, JsonValue } from '../documents/evidence-document.ts';
import { StorageError } from '../storage-error.ts';

type Bson = Pick<typeof BSON, 'Binary' | 'Double' | 'calculateObjectSize'>;
export type MongoValue = null | boolean | string | BSON.Double | BSON.Binary | readonly MongoValue[] | MongoMap;
export type MongoMap = Map<string, MongoValue>;

/** The largest document that the server accepts. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/**
 * Make the document as Chains writes it: `_id` is the name, numbers are doubles as Go reads them from JSON. Objects become maps, because
 * the driver interprets the member `_bsontype` of a plain object, and a run's author writes parts of the payload.
 * @throws StorageError `BackendRejected` when the artifact is too large for one document
 */
export function mongoDocument(bson: Bson, document: EvidenceDocument): MongoMap {
  const { Name, Signed, Signature, Cert, Chain } = document;
  const fields: MongoMap = new Map<string, MongoValue>([
    ['_id', Name],
    ['Name', Name],
    ['Signed', new bson.Binary(Signed)],
    ['Signature', Signature],
    ['Cert', Cert],
    ['Chain', Chain],
    ['Object', mongoValue(bson, document.Object)],
  ]);
  const size = documentSize(bson, fields, Name);
  if (size <= MAX_DOCUMENT_BYTES) return fields;
  const message = `the document ${Name} takes ${size} bytes and MongoDB allows ${MAX_DOCUMENT_BYTES}; store the evidence in another type of backend`;
  throw new StorageError('BackendRejected', message);
}

function documentSize(bson: Bson, fields: MongoMap, name: string): number {
  try {
    return bson.calculateObjectSize(fields);
  } catch (error) {
    const message = `the document ${name} cannot be written as BSON: a field of the payload has a name that it does not take`;
    throw new StorageError('BackendRejected', message, { cause: error });
  }
}

function mongoValue(bson: Bson, value: JsonValue): MongoValue {
  if (typeof value === 'number') return new bson.Double(value);
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map((item) => mongoValue(bson, item));
  return new Map(Object.entries(value).map(([name, item]) => [name, mongoValue(bson, item)]));
}

function isList(value: readonly JsonValue[] | object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The fields of a document that are read. */
export interface StoredDocument {
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly certificate: string;
  readonly chain: string;
  /** `Signature` unchanged, to replace exactly this version. */
  readonly signatureField: string;
}

/** The projection of a read. `Object` is left out because it repeats the payload. */
export const projection = { Signed: 1, Signature: 1, Cert: 1, Chain: 1 } as const;

/** Undefined if the document does not have Chains' form. */
export function storedDocument(document: unknown): StoredDocument | undefined {
  if (!isObject(document)) return undefined;
  const { Signed, Signature } = document;
  const payload = bytes(Signed);
  if (payload === undefined || typeof Signature !== 'string') return undefined;
  return {
    payload,
    signature: Buffer.from(Signature, 'base64'),
    signatureField: Signature,
    certificate: text(document['Cert']),
    chain: text(document['Chain']),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Binary data as the driver returns it. */
function bytes(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (!isObject(value)) return undefined;
  const { buffer, position } = value;
  if (!(buffer instanceof Uint8Array) || typeof position !== 'number') return undefined;
  return Buffer.from(buffer.subarray(0, position));
}
