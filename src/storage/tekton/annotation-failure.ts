// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../storage-error.ts';
import type { StorageReason } from '../storage-error.ts';

/** What the API server's refusal of an annotation means for the backend. `run` names the run in messages. */
export function annotationFailure(error: unknown, run: string): StorageError {
  if (error instanceof StorageError) return error;
  const status = statusOf(error);
  const [reason, remedy] = meaning(status);
  const said = error instanceof Error ? error.message : 'unknown failure';
  return new StorageError(reason, `cannot annotate ${run}: ${said}${remedy}`, { cause: error });
}

function meaning(status: number | undefined): readonly [StorageReason, string] {
  if (status === 401 || status === 403) {
    return ['BackendUnauthorized', '; let the operator patch taskruns and pipelineruns of tekton.dev'];
  }
  if (status === 413 || status === 422) {
    return ['BackendRejected', '; if its annotations pass 256 KiB in total, store the evidence in an OCI backend'];
  }
  // 409 is a write that met another one and 429 asks for patience: both go away by themselves.
  if (status === undefined || status >= 500 || status === 409 || status === 429 || status === 408) {
    return ['BackendUnavailable', ''];
  }
  return ['BackendRejected', ''];
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}
