// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { UncheckedError } from './cli-error.ts';

/** Reads a file that verification depends on. @throws UncheckedError */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
}
