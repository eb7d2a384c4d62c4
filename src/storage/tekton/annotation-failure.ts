// SPDX-License-Identifier: Apache-2.0
import { isForbidden, isUnavailable, KubeError } from '../../kube/kube-error.ts';
import { StorageError } from '../storage-error.ts';

const REMEDIES = {
  BackendUnauthorized: '; let the operator get and patch taskruns and pipelineruns of tekton.dev',
  BackendRejected: "; if the run's annotations pass 256 KiB in total, store the evidence in an OCI backend",
  BackendUnavailable: '',
} as const;

/** What the API server's refusal of an annotation means for the backend. `run` names the run in messages. */
export function annotationFailure(error: unknown, run: string): StorageError {
  if (error instanceof StorageError) return error;
  const reason = reasonOf(error);
  const said = error instanceof Error ? error.message : 'unknown failure';
  const retryAfterSeconds = error instanceof KubeError ? error.retryAfterSeconds : undefined;
  return new StorageError(reason, `annotating ${run}: ${said}${REMEDIES[reason]}`, { cause: error, retryAfterSeconds });
}

function reasonOf(error: unknown): keyof typeof REMEDIES {
  if (isForbidden(error)) return 'BackendUnauthorized';
  // 409 is a write that met another one, and goes away by itself as the unavailable ones do.
  if (!(error instanceof KubeError) || error.status === 409 || isUnavailable(error)) return 'BackendUnavailable';
  return 'BackendRejected';
}
