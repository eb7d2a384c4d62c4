// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import { boundedText, TextTooLargeError } from './bounded-text.ts';
import { UncheckedError } from './cli-error.ts';

/** The most of a file with evidence, which is parsed as a whole. */
const MAX_MIB = 256;

/** Reads a file that verification depends on. @throws UncheckedError */
export async function readText(path: string): Promise<string> {
  return boundedText(path, createReadStream(path), MAX_MIB).catch((error: unknown) => {
    const problem = error instanceof TextTooLargeError ? error.message : `${path} cannot be read`;
    throw new UncheckedError(problem, { cause: error });
  });
}
