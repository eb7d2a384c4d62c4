// SPDX-License-Identifier: Apache-2.0
import { access, rm, writeFile } from 'node:fs/promises';

/** A file that is to be made. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Whether others may read it. */
  readonly isSecret: boolean;
}

/** @throws when one of the files is there already, naming it and the flag that replaces it */
export async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) throw existing(path);
  }
}

/** Makes a file that was not there, or with `force` one in the place of another; secret ones are for their owner alone. */
export async function writeNewFile(
  { path, text, isSecret }: NewFile,
  { force }: { readonly force: boolean },
): Promise<void> {
  // What is replaced goes first, so that the new one has its own mode and is written through no link.
  if (force) await rm(path, { force: true });
  await writeFile(path, text, { flag: 'wx', mode: isSecret ? 0o600 : 0o644 }).catch((error: unknown) => {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? existing(path) : error;
  });
}

function existing(path: string): Error {
  return new Error(`${path} exists already: name another file, or replace it with --force`);
}
