// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { StorageError } from './storage-error.ts';

/** The reason of the StorageError that a promise rejects with; its message must match. */
export async function reasonOf(promise: Promise<unknown>, message = /./): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof StorageError, String(error));
  assert.match(error.message, message);
  return error.reason;
}
