// SPDX-License-Identifier: Apache-2.0
import { Write } from '@firestore-emulator/proto/dist/google/firestore/v1/write.js';
import type { FirestoreState } from '@firestore-emulator/server';
import { field } from '../../../src/json/fields.ts';
import { fieldsFromJson, fieldsToJson } from './firestore-json.ts';

/** An answer of the REST API. */
export interface FirestoreAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Google's way to say no. */
export function firestoreError(code: number, status: string, message: string): FirestoreAnswer {
  return { status: code, body: { error: { code, status, message } } };
}

/**
 * Documents of the emulator by the REST API's methods. The emulator itself checks `exists` only; the precondition on a document's
 * version, and the limits of lists in lists and of size, are the front's.
 */
export class FirestoreDocuments {
  readonly #state: FirestoreState;

  constructor(state: FirestoreState) {
    this.#state = state;
  }

  get(name: string): FirestoreAnswer {
    const { metadata } = this.#state.getDocument(name);
    if (!metadata.hasExist) return firestoreError(404, 'NOT_FOUND', `Document "${name}" not found.`);
    return { status: 200, body: this.#document(name) };
  }

  create(name: string, document: unknown): FirestoreAnswer {
    if (this.#state.getDocument(name).metadata.hasExist) {
      return firestoreError(409, 'ALREADY_EXISTS', `Document already exists: ${name}`);
    }
    return this.#write(name, document, { exists: false });
  }

  patch(name: string, document: unknown, updateTime: string | undefined): FirestoreAnswer {
    const { metadata } = this.#state.getDocument(name);
    if (!metadata.hasExist) {
      if (updateTime === undefined) return this.#write(name, document, undefined);
      return firestoreError(404, 'NOT_FOUND', `No document to update: ${name}`);
    }
    if (updateTime !== undefined && metadata.updatedAt.toISOString() !== updateTime) {
      return firestoreError(400, 'FAILED_PRECONDITION', 'the stored version does not match the required base version');
    }
    return this.#write(name, document, undefined);
  }

  #write(name: string, document: unknown, precondition: { exists: boolean } | undefined): FirestoreAnswer {
    try {
      const update = { name, fields: fieldsFromJson(field(document, 'fields')) };
      const condition = precondition === undefined ? {} : { current_document: precondition };
      this.#state.writeV1Document(new Date(), Write.fromObject({ update, ...condition }));
    } catch {
      return firestoreError(400, 'INVALID_ARGUMENT', 'the document cannot be read');
    }
    return { status: 200, body: this.#document(name) };
  }

  #document(name: string): unknown {
    const document = this.#state.getDocument(name);
    const { metadata } = document;
    const fields = fieldsToJson(document.toV1DocumentObject().fields);
    return {
      name,
      fields,
      createTime: metadata.createdAt?.toISOString(),
      updateTime: metadata.updatedAt?.toISOString(),
    };
  }
}
