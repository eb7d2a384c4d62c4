// SPDX-License-Identifier: Apache-2.0
import type { TrustedRecord } from './read-record.ts';
import { backfillRefs } from './backfill-request.ts';
import { isDoneWith } from './storage-state.ts';

/** True when everything is signed, and every backend that it is promised to or that is to be filled is done with it. */
export function isStoredCompletely({ object, storage }: TrustedRecord): boolean {
  const artifacts = object.evidence?.artifacts ?? [];
  const backends = object.spec.backendRefs ?? [];
  const isDoneIn = ({ kind, name }: { readonly kind: string; readonly name: string }): boolean =>
    storage.some(({ backendRef, state }) => isDoneWith(state) && backendRef.kind === kind && backendRef.name === name);
  const isSigned = artifacts.length > 0 && artifacts.every(({ signature }) => signature !== undefined);
  return isSigned && backends.length > 0 && [...backends, ...backfillRefs(object)].every(isDoneIn);
}
