// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { StorageError } from '../../src/storage/storage-error.ts';

/** The StorageError that a call rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StorageError, error instanceof Error ? (error.stack ?? '') : String(error));
  return error;
}
