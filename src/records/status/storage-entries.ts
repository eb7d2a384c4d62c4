// SPDX-License-Identifier: Apache-2.0
import type { StorageEntry } from '../../api/v1alpha1/provenance-record/schema.ts';
import { boundedText } from '../../runtime/bounded-text.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { BackendFact, StoredLocation, VerificationFact } from './record-facts.ts';

/** The limit for all storage entries of a status: with evidence of `MAX_EVIDENCE_BYTES`, the object stays below the limit of etcd. */
export const MAX_STORAGE_BYTES = 256 * 1024;
const MAX_LOCATIONS = 1024;
/** The share of an entry, beyond its minimum, that names of missing artifacts may take. */
const MISSING_SHARE = 0.25;
const LEAST_ENTRY_BYTES = 2048;
const MAX_URI_LENGTH = 2048;
const MAX_MESSAGE_LENGTH = 4096;

type Location = NonNullable<StorageEntry['locations']>[number];

/**
 * The storage entries of a status, each within an equal share of the limit, so that no backend's entry depends on the others. Messages are
 * cut. Locations that do not fit are counted, but one is always listed, or the backend would seem to hold nothing.
 */
export function storageEntries(facts: readonly BackendFact[]): readonly StorageEntry[] {
  return facts.map((fact) => storageEntry(fact, Math.floor(MAX_STORAGE_BYTES / facts.length)));
}

/** The storage entry of one backend. */
export function storageEntry(fact: BackendFact, maxBytes = MAX_STORAGE_BYTES): StorageEntry {
  const { backendRef, state, artifacts, problem, storedTime, attempts = 0, nextAttemptTime, verification } = fact;
  const missing = boundedMissing(fact, maxBytes);
  const bare = { ...fact, locations: [], missing, problem: problem?.reason, verification: verification?.state };
  const spare = maxBytes - bytesOf(bare);
  // Each message may take a third of the rest; locations get what remains.
  const maxTextBytes = Math.max(0, Math.floor(spare / 3));
  const entry = {
    backendRef,
    state,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(missing === undefined ? {} : { missing }),
    ...(problem === undefined ? {} : boundedProblem(problem, maxTextBytes)),
    ...(storedTime === undefined ? {} : { storedTime }),
    ...(attempts === 0 ? {} : { attempts }),
    ...(nextAttemptTime === undefined ? {} : { nextAttemptTime }),
    ...(fact.isBackfill === true ? { isBackfill: true } : {}),
    ...(verification === undefined ? {} : { verification: boundedVerification(verification, maxTextBytes) }),
  };
  return { ...entry, ...listed(fact, maxBytes - bytesOf(entry)) };
}

/** All names of what is missing, or none: a part of them would pass for all. */
function boundedMissing({ missing }: BackendFact, maxBytes: number): StorageEntry['missing'] {
  if (missing === undefined) return undefined;
  return bytesOf(missing) <= (maxBytes - LEAST_ENTRY_BYTES) * MISSING_SHARE ? missing : undefined;
}

/** As many locations as fit, and the number of the others. */
function listed(
  { locations, unlistedLocations = 0 }: BackendFact,
  maxBytes: number,
): Pick<StorageEntry, 'locations' | 'unlistedLocations'> {
  const kept: Location[] = [];
  let left = maxBytes - bytesOf({ locations: [], unlistedLocations: Number.MAX_SAFE_INTEGER });
  for (const location of locations.slice(0, MAX_LOCATIONS).map(boundedLocation)) {
    left -= bytesOf(location) + 1;
    if (left < 0 && kept.length > 0) break;
    kept.push(location);
  }
  const unlisted = unlistedLocations + locations.length - kept.length;
  return {
    ...(kept.length === 0 ? {} : { locations: kept }),
    ...(unlisted === 0 ? {} : { unlistedLocations: unlisted }),
  };
}

function boundedLocation({ uri, digest, artifact }: StoredLocation): Location {
  return {
    uri: boundedText(uri, MAX_URI_LENGTH),
    ...(digest === undefined ? {} : { digest }),
    ...(artifact === undefined ? {} : { artifact }),
  };
}

function boundedProblem({ reason, message }: Problem, maxBytes: number): Pick<StorageEntry, 'reason' | 'message'> {
  return { reason, message: textOfBytes(message, maxBytes) };
}

function boundedVerification(
  { state, message }: VerificationFact,
  maxBytes: number,
): NonNullable<StorageEntry['verification']> {
  return { state, ...(message === undefined ? {} : { message: textOfBytes(message, maxBytes) }) };
}

/** The beginning of a text that takes at most this many bytes in JSON. */
function textOfBytes(text: string, maxBytes: number): string {
  const bounded = boundedText(text, MAX_MESSAGE_LENGTH);
  if (bytesOf(bounded) <= maxBytes) return bounded;
  let [kept, left] = ['', maxBytes - 2];
  for (const character of bounded) {
    left -= bytesOf(character) - 2;
    if (left < 0) break;
    kept += character;
  }
  return kept;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
