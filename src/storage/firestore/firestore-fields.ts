// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import type { EvidenceDocument, JsonValue, OwnerNote } from '../documents/evidence-document.ts';
import { StorageError } from '../storage-error.ts';

/** A value in the JSON of Firestore's API. */
export type FirestoreValue =
  | { readonly nullValue: null }
  | { readonly booleanValue: boolean }
  | { readonly doubleValue: number }
  | { readonly stringValue: string }
  | { readonly bytesValue: string }
  | { readonly arrayValue: { readonly values: readonly FirestoreValue[] } }
  | { readonly mapValue: { readonly fields: FirestoreFields } };
export type FirestoreFields = Readonly<Record<string, FirestoreValue>>;

/** The largest document that the service accepts, with its field names. */
const MAX_DOCUMENT_BYTES = 1024 * 1024;
/** Field names that the service reserves. */
const RESERVED_NAME = /^__.*__$/s;

/**
 * Make the fields as Chains writes them: numbers are doubles, as Go reads them from JSON.
 * @throws StorageError `BackendRejected` for a payload that no document can hold
 */
export function firestoreFields(document: EvidenceDocument): FirestoreFields {
  const { Name, Signed, Signature, Cert, Chain } = document;
  const fields: FirestoreFields = {
    Name: { stringValue: Name },
    Signed: { bytesValue: Signed.toString('base64') },
    Signature: { stringValue: Signature },
    Cert: { stringValue: Cert },
    Chain: { stringValue: Chain },
    Object: encoded(document.Object, Name),
  };
  const size = fieldsSize(fields);
  if (size <= MAX_DOCUMENT_BYTES) return fields;
  throw refused(Name, `takes ${size} bytes and Firestore allows ${MAX_DOCUMENT_BYTES}`);
}

function encoded(value: JsonValue, name: string): FirestoreValue {
  if (value === null) return { nullValue: null };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (typeof value === 'number') return { doubleValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (!isList(value)) {
    const entries = Object.entries(value).map(([key, item]) => {
      if (key === '' || RESERVED_NAME.test(key)) throw refused(name, 'has a field whose name Firestore does not take');
      return [key, encoded(item, name)] as const;
    });
    return { mapValue: { fields: Object.fromEntries(entries) } };
  }
  if (value.some((item) => Array.isArray(item)))
    throw refused(name, 'has a list in a list, which Firestore does not take');
  return { arrayValue: { values: value.map((item) => encoded(item, name)) } };
}

function isList(value: readonly JsonValue[] | object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function refused(name: string, why: string): StorageError {
  const message = `the document ${name} ${why}; store the evidence in another type of backend`;
  return new StorageError('BackendRejected', message);
}

/** The size as the service counts it: names and texts in bytes plus one each, numbers 8. */
function fieldsSize(fields: FirestoreFields): number {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + 1 + valueSize(value), 0);
}

function valueSize(value: FirestoreValue): number {
  if ('stringValue' in value) return Buffer.byteLength(value.stringValue) + 1;
  if ('bytesValue' in value) return Math.floor((value.bytesValue.length * 3) / 4);
  if ('mapValue' in value) return fieldsSize(value.mapValue.fields);
  if ('arrayValue' in value) return value.arrayValue.values.reduce((sum, item) => sum + valueSize(item), 0);
  return 'doubleValue' in value ? 8 : 1;
}

/** The fields of a document that are read. */
export interface FoundDocument {
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly certificate: string;
  readonly chain: string;
  /** `Signature` unchanged. */
  readonly signatureField: string;
}

/** The projection of a read. `Object` is left out because it repeats the payload. */
export const READ_FIELDS = ['Signed', 'Signature', 'Cert', 'Chain'] as const;

/** The fields of a note of an owner. */
export function noteFields({ owner, about }: OwnerNote): FirestoreFields {
  return { owner: { stringValue: owner }, about: { stringValue: about } };
}

/** Undefined if the document is not a note. */
export function foundNote(document: unknown): OwnerNote | undefined {
  const fields = field(document, 'fields');
  const owner = text(fields, 'owner', 'stringValue');
  const about = text(fields, 'about', 'stringValue');
  return owner === undefined || about === undefined ? undefined : { owner, about };
}

/** Undefined if the document does not have Chains' form. */
export function foundDocument(document: unknown): FoundDocument | undefined {
  const fields = field(document, 'fields');
  const payload = text(fields, 'Signed', 'bytesValue');
  const signature = text(fields, 'Signature', 'stringValue');
  if (payload === undefined || signature === undefined) return undefined;
  return {
    payload: Buffer.from(payload, 'base64'),
    signature: Buffer.from(signature, 'base64'),
    certificate: text(fields, 'Cert', 'stringValue') ?? '',
    chain: text(fields, 'Chain', 'stringValue') ?? '',
    signatureField: signature,
  };
}

function text(fields: unknown, name: string, type: 'stringValue' | 'bytesValue'): string | undefined {
  const value = field(field(fields, name), type);
  return typeof value === 'string' ? value : undefined;
}
