// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { UncheckedError, UsageError } from './cli-error.ts';
import { readRunDocuments } from './run-documents.ts';
import type { RunDocument } from './run-documents.ts';

/** Tells a file argument, `-` being standard input, from the name of an object in the cluster. */
export function isFileArgument(text: string): boolean {
  return text === '-' || /\.(ya?ml|json)$/.test(text) || existsSync(text);
}

/** Reads the objects in a file that verification depends on. @throws UsageError, UncheckedError */
export async function readObjects(path: string): Promise<readonly RunDocument[]> {
  const documents = await readRunDocuments([path], process.stdin).catch((error: unknown) => {
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
  return documents.map((document) => {
    if ('syntaxError' in document) throw new UsageError(`${document.place}: ${document.syntaxError}`);
    return document;
  });
}
