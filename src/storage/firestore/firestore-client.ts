// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import type { EgressResponse } from '../../net/egress-client.ts';
import { jsonBody } from '../http/rest-service.ts';
import type { RestRequest, RestService } from '../http/rest-service.ts';
import { StorageError } from '../storage-error.ts';
import type { OwnerNote } from '../documents/evidence-document.ts';
import { READ_FIELDS, foundDocument, foundNote, noteFields } from './firestore-fields.ts';
import type { FirestoreFields, FoundDocument } from './firestore-fields.ts';

/** A document and its version. `evidence` is undefined if the document does not have Chains' form. */
export interface VersionedDocument {
  readonly evidence: FoundDocument | undefined;
  readonly updateTime: string;
}

/** No document has this version, so a write with it replaces nothing. */
const NEVER = '2001-01-01T00:00:00Z';
/** A document of 1 MiB, with its bytes in base64. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const PROBE_DOCUMENT = 'hallmark-probe';

/** The requests of Firestore's REST API that the driver makes. */
export class FirestoreClient {
  readonly #service: RestService;
  /** `projects/P/databases/D`. */
  readonly #database: string;
  readonly #collection: string;

  constructor(service: RestService, database: string, collection: string) {
    this.#service = service;
    this.#database = database;
    this.#collection = `/v1/${database}/documents/${encodeURIComponent(collection)}`;
  }

  /** @returns false if a document of that name exists. @throws StorageError */
  async create(name: string, fields: FirestoreFields, doing: string, signal: AbortSignal): Promise<boolean> {
    const path = `${this.#collection}?documentId=${encodeURIComponent(name)}&mask.fieldPaths=Name`;
    const response = await this.#service.send(
      { method: 'POST', path, body: JSON.stringify({ fields }), doing },
      signal,
    );
    if (response.status === 409) return false;
    this.#requireDocument(response, name, doing);
    return true;
  }

  /** @returns false if the document no longer has this version. @throws StorageError */
  async replace(
    name: string,
    { fields, updateTime }: { readonly fields: FirestoreFields; readonly updateTime: string },
    doing: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const response = await this.#service.send(this.#patch(name, { fields, updateTime, doing }), signal);
    if (isStale(response)) return false;
    this.#requireDocument(response, name, doing);
    return true;
  }

  /** Undefined if it does not exist. @throws StorageError */
  async read(name: string, doing: string, signal: AbortSignal): Promise<VersionedDocument | undefined> {
    const mask = READ_FIELDS.map((path) => `mask.fieldPaths=${path}`).join('&');
    const path = `${this.#collection}/${encodeURIComponent(name)}?${mask}`;
    const request = { method: 'GET', path, doing, maxResponseBytes: MAX_DOCUMENT_BYTES } as const;
    const response = await this.#service.send(request, signal);
    if (response.status === 404) return undefined;
    const document = this.#requireDocument(response, name, doing);
    const updateTime = field(document, 'updateTime');
    if (typeof updateTime !== 'string') throw strange(doing);
    return { evidence: foundDocument(document), updateTime };
  }

  /** Write the note of a document's owner, replacing any earlier note. @throws StorageError */
  async note(name: string, note: OwnerNote, doing: string, signal: AbortSignal): Promise<void> {
    const path = `${this.#collection}/${noteName(name)}`;
    const body = JSON.stringify({ fields: noteFields(note) });
    const response = await this.#service.send({ method: 'PATCH', path, body, doing }, signal);
    this.#requireDocument(response, noteName(name), doing);
  }

  /** Undefined if the document has no note. @throws StorageError */
  async readNote(name: string, doing: string, signal: AbortSignal): Promise<OwnerNote | undefined> {
    const path = `${this.#collection}/${noteName(name)}`;
    const response = await this.#service.send({ method: 'GET', path, doing }, signal);
    if (response.status === 404) return undefined;
    return foundNote(this.#requireDocument(response, noteName(name), doing));
  }

  /** Check that the database exists, and that a document that does not exist may be replaced. @throws StorageError */
  async tryOut(doing: string, signal: AbortSignal): Promise<void> {
    const database = await this.#service.json({ method: 'GET', path: `/v1/${this.#database}`, doing }, signal);
    const type = field(database, 'type');
    if (type === 'DATASTORE_MODE') {
      const message = `${doing}: the database is in Datastore mode; name one in native mode in firestore.database`;
      throw new StorageError('BackendRejected', message);
    }
    if (type === undefined) throw strange(doing);
    const trial = await this.#service.send(
      this.#patch(PROBE_DOCUMENT, { fields: {}, updateTime: NEVER, doing }),
      signal,
    );
    if (isStale(trial)) return;
    if (trial.status !== 200) throw this.#service.refusal(trial, doing);
    throw new StorageError(
      'BackendRejected',
      `${doing}: what answers there ignores preconditions; check firestore.endpoint`,
    );
  }

  #patch(
    name: string,
    change: { readonly fields: FirestoreFields; readonly updateTime: string; readonly doing: string },
  ): RestRequest {
    const query = new URLSearchParams({ 'currentDocument.updateTime': change.updateTime, 'mask.fieldPaths': 'Name' });
    const path = `${this.#collection}/${encodeURIComponent(name)}?${query.toString()}`;
    return { method: 'PATCH', path, body: JSON.stringify({ fields: change.fields }), doing: change.doing };
  }

  #requireDocument(response: EgressResponse, name: string, doing: string): unknown {
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    const document = jsonBody(response, doing);
    const documentName = field(document, 'name');
    if (typeof documentName === 'string' && documentName.endsWith(`/${name}`)) return document;
    throw strange(doing);
  }
}

function noteName(name: string): string {
  return `hallmark-owner.${name}`;
}

/** True if the document was removed (404) or has another version (400 FAILED_PRECONDITION, 409 ABORTED). */
function isStale({ status, body }: EgressResponse): boolean {
  if (status === 404 || status === 409) return true;
  return status === 400 && body.subarray(0, 4096).includes('FAILED_PRECONDITION');
}

function strange(doing: string): StorageError {
  return new StorageError('BackendUnavailable', `${doing}: the answer is not that of Firestore; it is tried again`);
}
