// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import { isRefillRequested } from './backfill-request.ts';
import type { BackendFact, Problem } from './record-facts.ts';
import type { BoundBackend, RecordSnapshot } from './record-snapshot.ts';

/** How each backend of a record stands before anything is stored; undefined while the record has none. */
export function backendFacts(snapshot: RecordSnapshot): readonly BackendFact[] | undefined {
  const { record, backends } = snapshot;
  if (record.object.spec.backendRefs === undefined && backends.length === 0) return undefined;
  return backends.map((bound) => {
    const fact = backendFact(record, bound);
    return bound.isBackfill === true ? { ...fact, isBackfill: true } : fact;
  });
}

function backendFact(record: RecordSnapshot['record'], bound: BoundBackend): BackendFact {
  const { ref, backend, parked } = bound;
  const backendRef = { kind: ref.kind, name: ref.name };
  const entry = record.storage.find(({ backendRef: of }) => of.kind === ref.kind && of.name === ref.name);
  const isHeld = entry?.state === 'Stored' && holdsAll(record, entry, backend) && !isToBeRefilled(record, entry, bound);
  if (isHeld || entry?.state === 'Failed') return { ...storedFact(entry), backendRef, state: entry.state };
  if (backend === undefined) return { backendRef, state: 'Pending', locations: [], problem: missingBackend };
  const pending: BackendFact =
    entry?.state === 'Pending'
      ? { ...storedFact(entry), backendRef, state: 'Pending' }
      : { backendRef, state: 'Pending', locations: [] };
  if (parked !== undefined) return { ...pending, problem: parked };
  // Its own back-off counts while nobody waits for the backend as such.
  const { nextAttemptTime } = entry ?? {};
  return nextAttemptTime === undefined ? pending : { ...pending, nextAttemptTime };
}

/** Whether somebody asked for what is gone from a backend, or changed there, to be written again, and that can be tried now. */
function isToBeRefilled(
  { object }: RecordSnapshot['record'],
  { backendRef, verification }: StorageEntry,
  { backend, isDue, parked }: BoundBackend,
): boolean {
  const mayGo = backend !== undefined && isDue && parked === undefined;
  return mayGo && verification?.state === 'Failed' && isRefillRequested(object, backendRef);
}

/** Whether a backend that stored has all that it takes by now. What one that is gone was given stays given. */
function holdsAll(
  { object }: RecordSnapshot['record'],
  { artifacts: held = [] }: StorageEntry,
  backend: CompiledBackend | undefined,
): boolean {
  const types = (object.evidence?.artifacts ?? []).map(({ type }) => type);
  return types.every((type) => held.includes(type) || backend?.spec.artifacts.includes(type) !== true);
}

function storedFact(entry: StorageEntry): Omit<BackendFact, 'backendRef' | 'state'> {
  const reason = Object.values(reasons).find((known) => known === entry.reason);
  const { artifacts, storedTime, attempts, unlistedLocations, verification } = entry;
  return {
    locations: entry.locations ?? [],
    ...(unlistedLocations === undefined ? {} : { unlistedLocations }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(reason === undefined ? {} : { problem: { reason, message: entry.message ?? '' } }),
    ...(storedTime === undefined ? {} : { storedTime }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(verification === undefined ? {} : { verification }),
  };
}

const missingBackend: Problem = {
  reason: reasons.BackendNotFound,
  message:
    'it does not exist or is out of reach: create it (again) under this name, have its namespaceSelector take this namespace, or delete the record to release it',
};
