// SPDX-License-Identifier: Apache-2.0
import type { Abortable, Collection, OperationOptions } from 'mongodb';
import { field } from '../../json/fields.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { notedOwner, ownerNote } from '../documents/evidence-document.ts';
import type { EvidenceDocument, OwnerNote } from '../documents/evidence-document.ts';
import { compareExisting } from '../documents/compare-existing.ts';
import { StorageError } from '../storage-error.ts';
import type { MongoMap } from './mongo-document.ts';
import { projection, storedDocument } from './mongo-document.ts';

export interface DocumentToStore {
  readonly document: MongoMap;
  readonly evidence: EvidenceDocument;
  readonly owner: string;
  readonly artifact: SignedArtifact;
  /** The action, for messages. */
  readonly doing: string;
  /** Closes the connection of a call, so that calls without a response do not use up the pool. */
  readonly signal: AbortSignal;
}

type Documents = Collection<{ _id: string }>;

const DUPLICATE_KEY = 11_000;
const ATTEMPTS = 5;

/**
 * Insert a document, or replace an earlier version of the same owner if it has not changed since it was read. Each round begins with an
 * insert, so that another writer's change shows as a duplicate or as a replacement without a match. The inserter owns the name, and
 * writes the note of the owner next.
 * @throws StorageError `KeyConflict` when the name holds another owner's evidence; errors of the driver
 */
export async function storeDocument(collection: Documents, store: DocumentToStore): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await inserted(collection, store)) return note(collection, store);
    const { signal } = store;
    const raw = await collection.findOne({ _id: store.evidence.Name }, { projection, signal });
    // The document was removed after the insert failed: insert again.
    if (raw === null) continue;
    if (await settled(collection, store, { raw, isLast: attempt === ATTEMPTS - 1 })) return;
  }
  const message = `${store.doing}: other writers keep changing the document; it is tried again`;
  throw new StorageError('BackendUnavailable', message);
}

async function inserted(collection: Documents, { document, evidence, signal }: DocumentToStore): Promise<boolean> {
  try {
    // The driver writes the entries of a map, but looks for `_id` among its properties.
    await collection.insertOne(Object.assign(new Map(document), { _id: evidence.Name }), abortable(signal));
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Every call of the driver accepts a signal, but only the types of its reads say so. */
function abortable(signal: AbortSignal): OperationOptions & Abortable {
  return { signal };
}

function isDuplicateKey(error: unknown): boolean {
  return typeof error === 'object' && field(error, 'code') === DUPLICATE_KEY;
}

/** Read a document without a note again, except in the last round: its writer may be about to write the note. */
async function settled(
  collection: Documents,
  store: DocumentToStore,
  { raw, isLast }: { readonly raw: object; readonly isLast: boolean },
): Promise<boolean> {
  const { artifact, owner, evidence } = store;
  const existing = storedDocument(raw);
  if (existing === undefined) throw conflict(store);
  const noted = notedOwner(await readNote(collection, store), existing.signatureField);
  const verdict = compareExisting({ ...existing, owner: noted }, artifact, owner);
  if (verdict === 'Foreign' || (verdict === 'Unnoted' && isLast)) throw conflict(store);
  if (verdict === 'Unnoted') return false;
  if (verdict === 'Same') {
    // The same evidence, whose note was lost in a crash.
    if (noted === undefined) await note(collection, store);
    return true;
  }
  const version = { _id: evidence.Name, Signature: existing.signatureField };
  const { matchedCount } = await collection.replaceOne(version, new Map(store.document), abortable(store.signal));
  if (matchedCount === 1) await note(collection, store);
  return matchedCount === 1;
}

function noteID(name: string): string {
  return `hallmark-owner/${name}`;
}

async function note(collection: Documents, { evidence, owner, signal }: DocumentToStore): Promise<void> {
  const update = { $set: ownerNote(owner, evidence.Signature) };
  const filter = { _id: noteID(evidence.Name) };
  try {
    await collection.updateOne(filter, update, { upsert: true, ...abortable(signal) });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // The server lets one of two concurrent upserts insert: update its document.
    await collection.updateOne(filter, update, abortable(signal));
  }
}

async function readNote(collection: Documents, { evidence, signal }: DocumentToStore): Promise<OwnerNote | undefined> {
  const note: unknown = await collection.findOne({ _id: noteID(evidence.Name) }, { signal });
  const [owner, about] = [field(note, 'owner'), field(note, 'about')];
  return typeof owner === 'string' && typeof about === 'string' ? { owner, about } : undefined;
}

function conflict({ doing }: DocumentToStore): StorageError {
  const message = `${doing}: the document exists and is not this policy's; remove it, or set keys: PerPolicy`;
  return new StorageError('KeyConflict', message);
}
