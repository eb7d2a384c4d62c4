// SPDX-License-Identifier: Apache-2.0
import { UsageError } from './cli-error.ts';

const reasons: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EISDIR', 'is a folder'],
  ['EACCES', 'cannot be read: you may not read it'],
]);

/** Turns the failure of reading a file that the command line names into one that says why. */
export function unreadableFile(path: string): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new UsageError(`${path} ${reasons.get(code) ?? 'cannot be read'}`, { cause: error });
  };
}

/** The name of a file argument in messages. */
export function fileName(path: string): string {
  return path === '-' ? 'standard input' : path;
}
