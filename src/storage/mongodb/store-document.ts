// SPDX-License-Identifier: Apache-2.0
import type { Collection } from 'mongodb';
import { field } from '../../api/v1alpha1/field.ts';
import type { SignedArtifact } from '../../evidence/signed-artifact.ts';
import { OWNER_FIELD } from '../evidence-document.ts';
import { standing } from '../standing.ts';
import { StorageError } from '../storage-error.ts';
import type { MongoMap } from './mongo-document.ts';
import { projection, storedDocument } from './mongo-document.ts';

export interface DocumentToStore {
  readonly document: MongoMap;
  readonly name: string;
  readonly owner: string;
  readonly artifact: SignedArtifact;
  /** What is done, for messages. */
  readonly doing: string;
}

const DUPLICATE_KEY = 11_000;
const ATTEMPTS = 5;

/**
 * Inserts, and replaces nothing but an earlier version of one's own that is still the one which was read. Each round begins with an
 * insert: what another writer does in between shows as a duplicate or as a replacement that met nothing.
 * @throws StorageError `KeyConflict` when the name holds somebody else's evidence; errors of the driver
 */
export async function storeDocument(collection: Collection<{ _id: string }>, store: DocumentToStore): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await inserted(collection, store)) return;
    const raw = await collection.findOne({ _id: store.name }, { projection });
    // Removed between the two: it can be inserted after all.
    if (raw === null) continue;
    if (await settled(collection, store, raw)) return;
  }
  const message = `${store.doing}: other writers keep changing the document; it is tried again`;
  throw new StorageError('BackendUnavailable', message);
}

async function inserted(
  collection: Collection<{ _id: string }>,
  { document, name }: DocumentToStore,
): Promise<boolean> {
  try {
    // The type asks for a plain object; the driver serialises maps as documents.
    await collection.insertOne(Object.assign(new Map(document), { _id: name }));
    return true;
  } catch (error) {
    if (typeof error === 'object' && field(error, 'code') === DUPLICATE_KEY) return false;
    throw error;
  }
}

async function settled(collection: Collection<{ _id: string }>, store: DocumentToStore, raw: object): Promise<boolean> {
  const existing = storedDocument(raw);
  const verdict = existing === undefined ? 'Foreign' : standing(existing, store.artifact, store.owner);
  if (verdict === 'Same') return true;
  if (existing === undefined || verdict === 'Foreign') {
    const message = `${store.doing}: the document exists and is not this policy's; remove it, or set keys: PerPolicy`;
    throw new StorageError('KeyConflict', message);
  }
  const version = { _id: store.name, [OWNER_FIELD]: store.owner, Signature: existing.signatureField };
  const { matchedCount } = await collection.replaceOne(version, new Map(store.document));
  return matchedCount === 1;
}
