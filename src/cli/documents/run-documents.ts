// SPDX-License-Identifier: Apache-2.0
import { documentBytes, requireReadable, STANDARD_INPUT } from './document-bytes.ts';
import { DocumentSplitter } from './document-splitter.ts';
import { DocumentTooLargeError } from './part-text.ts';
import { PartDocuments } from './part-documents.ts';
import type { RunDocument, UnreadableRunDocument } from './run-document.ts';

type Read = RunDocument | UnreadableRunDocument;

/**
 * Reads the objects of the given files one after the other, `-` being standard input, and holds one at a time. Files hold one or many
 * documents of YAML or JSON. Lists are taken apart, and empty documents left out. Integers beyond 2^53 become bigint. Throws an error
 * that names an unreadable path, before the first object if possible.
 */
export async function* runDocuments(
  paths: readonly string[],
  standardInput: AsyncIterable<unknown>,
): AsyncGenerator<Read, void, undefined> {
  await requireReadable(paths);
  for (const path of new Set(paths)) {
    yield* fileDocuments(path === STANDARD_INPUT ? 'stdin' : path, documentBytes(path, standardInput));
  }
}

/** Reads all objects of the given files. Rejects with an error that names an unreadable path. */
export async function readRunDocuments(
  paths: readonly string[],
  standardInput: AsyncIterable<unknown>,
): Promise<readonly Read[]> {
  return Array.fromAsync(runDocuments(paths, standardInput));
}

async function* fileDocuments(file: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Read, void, undefined> {
  const splitter = new DocumentSplitter();
  const documents = new PartDocuments(file);
  try {
    for await (const piece of pieces) {
      for (const part of splitter.push(piece)) yield* await documents.parse(part);
    }
    for (const part of splitter.end()) yield* await documents.parse(part);
  } catch (error) {
    if (!(error instanceof DocumentTooLargeError)) throw error;
    yield { place: documents.place, syntaxError: error.message };
  }
}
