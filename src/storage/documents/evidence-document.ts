// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import { certificateTexts } from './certificate-texts.ts';
import { StorageError } from '../storage-error.ts';

/** A JSON value. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** The fields of Chains' document stores; the database's key repeats `Name`. */
export interface EvidenceDocument {
  readonly Name: string;
  /** The payload's bytes. */
  readonly Signed: Buffer;
  /** Signature text, base64. */
  readonly Signature: string;
  readonly Cert: string;
  readonly Chain: string;
  /** The payload, for queries. */
  readonly Object: JsonValue;
}

/** The owner of a document (see `evidenceOwner`), stored in another document because Chains' reader refuses unknown fields. */
export interface OwnerNote {
  readonly owner: string;
  /** Digest of the signature text that the note is about: a note about an earlier signature does not count. */
  readonly about: string;
}

/** Make the note for a document with this `Signature`. */
export function ownerNote(owner: string, signature: string): OwnerNote {
  return { owner, about: createHash('sha256').update(signature).digest('hex') };
}

/** The owner of the document with this `Signature`; undefined without a note about it. */
export function notedOwner(note: OwnerNote | undefined, signature: string): string | undefined {
  if (note === undefined || note.about !== ownerNote(note.owner, signature).about) return undefined;
  return note.owner;
}

/** The limits of a document database. */
export interface DocumentLimits {
  /** For messages: "MongoDB". */
  readonly store: string;
  readonly maxDepth: number;
}

/** @throws StorageError `BackendRejected` when the payload is nested deeper than the database takes */
export function evidenceDocument(artifact: SignedArtifact, name: string, limits: DocumentLimits): EvidenceDocument {
  const { certificate, chain } = certificateTexts(artifact);
  return {
    Name: name,
    Signed: artifact.payload,
    Signature: signatureText(artifact).toString('base64'),
    Cert: certificate,
    Chain: chain,
    Object: parsedPayload(artifact, limits),
  };
}

function parsedPayload(artifact: SignedArtifact, { store, maxDepth }: DocumentLimits): JsonValue {
  if (nesting(artifact.payload) > maxDepth) {
    const message = `the payload of "${artifact.name}" is nested deeper than the ${maxDepth} levels that ${store} takes; store it in another type of backend`;
    throw new StorageError('BackendRejected', message);
  }
  const value: unknown = JSON.parse(artifact.payload.toString('utf8'));
  if (isJson(value)) return value;
  throw new StorageError('BackendRejected', `the payload of "${artifact.name}" is not JSON`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Count levels in the text, because a value that is too deep cannot be walked. */
function nesting(json: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index] ?? 0;
    if (byte === QUOTE) inString = !inString;
    else if (inString) index += byte === BACKSLASH ? 1 : 0;
    else if (OPENING.has(byte)) deepest = Math.max(deepest, (depth += 1));
    else if (CLOSING.has(byte)) depth -= 1;
  }
  return deepest;
}

/** JSON.parse returns nothing else. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined && typeof value !== 'function';
}
