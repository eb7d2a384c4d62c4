// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { knownReason, reasons } from '../../../api/v1alpha1/reasons.ts';
import type { CompiledBackend } from '../../../pipelines/definitions.ts';
import { takesArtifact } from '../../../storage/takes-artifact.ts';
import { isRefillRequested } from '../../../records/backfill-request.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { BackendFact } from '../../../records/status/record-facts.ts';
import type { BoundBackend, RecordSnapshot } from '../state/record-snapshot.ts';
import { isDoneWith, stateOf } from '../../../records/storage-state.ts';

/** The state of each backend of a record before anything is stored; undefined while the record has none. */
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
  if (entry !== undefined && isSettled(record, entry, bound)) return settledFact(entry, backendRef);
  const pending = pendingFact(entry, backendRef, entry !== undefined && isToBeRefilled(record, entry, bound));
  if (backend === undefined) return { ...pending, problem: missingBackend };
  if (parked !== undefined) return { ...pending, problem: parked };
  // The back-off counts only while the backend itself works.
  const { nextAttemptTime } = entry ?? {};
  return nextAttemptTime === undefined ? pending : { ...pending, nextAttemptTime };
}

/** True when nothing is left to do for a backend. */
function isSettled(record: RecordSnapshot['record'], entry: StorageEntry, bound: BoundBackend): boolean {
  if (entry.state === 'Failed') return true;
  const isDone = isDoneWith(entry.state) && holdsAll(record, entry, bound.backend);
  return isDone && !isToBeRefilled(record, entry, bound);
}

function settledFact(entry: StorageEntry, backendRef: BackendFact['backendRef']): BackendFact {
  const state = stateOf(entry);
  const fact = storedFact(entry);
  if (state !== 'NotApplicable') return { ...fact, backendRef, state };
  const { artifacts, missing, problem = nothingThere } = fact;
  return {
    backendRef,
    state,
    locations: [],
    problem,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** The known content of a backend that still misses something. Content that is to be written again counts as absent. */
function pendingFact(
  entry: StorageEntry | undefined,
  backendRef: BackendFact['backendRef'],
  isToBeWrittenAgain: boolean,
): BackendFact {
  if (entry === undefined || isToBeWrittenAgain) return { backendRef, state: 'Pending', locations: [] };
  if (entry.state === 'Pending') return { ...storedFact(entry), backendRef, state: 'Pending' };
  const { locations = [], missing = [] } = entry;
  return { backendRef, state: 'Pending', locations, missing };
}

/** True when a request asks for lost or changed evidence to be written again, and that can be tried now. */
function isToBeRefilled(
  { object }: RecordSnapshot['record'],
  { backendRef, verification }: StorageEntry,
  { backend, isDue, parked }: BoundBackend,
): boolean {
  const mayGo = backend !== undefined && isDue && parked === undefined;
  return mayGo && verification?.state === 'Failed' && isRefillRequested(object, backendRef);
}

/** True when a backend that is done has everything that it takes now. A deleted backend keeps what it was given. */
function holdsAll(
  { object }: RecordSnapshot['record'],
  entry: StorageEntry,
  backend: CompiledBackend | undefined,
): boolean {
  if (backend === undefined) return true;
  const { artifacts: held = [], missing = [] } = entry;
  const artifacts = object.evidence?.artifacts ?? [];
  // A backend without a place for anything may have one since its spec was edited.
  if (stateOf(entry) === 'NotApplicable')
    return artifacts.every((artifact) => missing.includes(artifact.name) || !takesArtifact(backend.spec, artifact));
  return artifacts.every(({ type }) => held.includes(type) || !backend.spec.artifacts.includes(type));
}

function storedFact(entry: StorageEntry): Omit<BackendFact, 'backendRef' | 'state'> {
  const reason = knownReason(entry.reason);
  const { artifacts, missing, storedTime, attempts, unlistedLocations, verification } = entry;
  return {
    locations: entry.locations ?? [],
    ...(missing === undefined ? {} : { missing }),
    ...(unlistedLocations === undefined ? {} : { unlistedLocations }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(reason === undefined ? {} : { problem: { reason, message: entry.message ?? '' } }),
    ...(storedTime === undefined ? {} : { storedTime }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(verification === undefined ? {} : { verification }),
  };
}

const nothingThere: Problem = {
  reason: reasons.NoSubjects,
  message: 'it can hold nothing of this record',
};

const missingBackend: Problem = {
  reason: reasons.BackendNotFound,
  message:
    'it does not exist or does not select this namespace: create it (again) under this name, have its namespaceSelector select this namespace, or name others in spec.backendRefs of the policy',
};
