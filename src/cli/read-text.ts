// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { boundedText, TextTooLargeError } from './bounded-text.ts';
import { UncheckedError } from './cli-error.ts';
import { unreadableFile } from './file-error.ts';

/** The most of a file with evidence, which is parsed as a whole. */
const MAX_MIB = 256;

/** Reads a file that verification depends on. @throws UsageError for one that cannot be read, UncheckedError for one that is too large */
export async function readText(path: string): Promise<string> {
  return boundedText(path, createReadStream(path), MAX_MIB).catch((error: unknown) => {
    if (error instanceof TextTooLargeError) throw new UncheckedError(error.message, { cause: error });
    return unreadableFile(path)(error);
  });
}
