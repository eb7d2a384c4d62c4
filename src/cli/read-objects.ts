// SPDX-License-Identifier: Apache-2.0
import { UncheckedError, UsageError } from './cli-error.ts';
import { readRunDocuments } from './documents/run-documents.ts';
import type { RunDocument } from './documents/run-document.ts';

/** Reads the objects in a file that verification depends on. @throws UsageError, UncheckedError */
export async function readObjects(path: string): Promise<readonly RunDocument[]> {
  const documents = await readRunDocuments([path], process.stdin).catch((error: unknown) => {
    if (error instanceof UsageError) throw error;
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
  return documents.map((document) => {
    if ('syntaxError' in document) throw new UsageError(`${document.place}: ${document.syntaxError}`);
    return document;
  });
}
