// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../../api/v1alpha1/fields/date-time.ts';
import type { BackendRef, EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../../api/v1alpha1/reasons.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { StorageError } from '../../../storage/storage-error.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { BackendFact, StoredLocation } from '../../../records/status/record-facts.ts';
import { nameCollisions } from './name-collisions.ts';
import { type ArtifactOutcome, type ArtifactsToStore, storeArtifacts } from './store-artifacts.ts';

/** One backend, and the part of a record's evidence that it takes. */
export interface StoreTask extends ArtifactsToStore {
  readonly ref: BackendRef;
  /** The artifacts that the backend takes, in the record's order. */
  readonly artifacts: readonly SignedArtifact[];
  /** The types that the backend takes, whether the record has such artifacts or not. */
  readonly types: readonly EvidenceArtifact['type'][];
  /** The result of earlier attempts. */
  readonly before?: Pick<BackendFact, 'locations' | 'missing'>;
}

export interface StoreResult {
  readonly fact: BackendFact;
  /** Set when the backend is to be tried again. */
  readonly retry?: { readonly afterSeconds?: number | undefined };
}

/** An artifact that was tried and failed. */
type FailedOutcome = ArtifactOutcome & { readonly error: StorageError };

/** The number of artifacts that a message names. */
const MAX_NAMED = 3;

/**
 * Stores the artifacts of a task that are not known to be stored, each independently of the others. Rejects only on abort and by the fence:
 * other failures are in the fact.
 */
export async function storeEvidence(task: StoreTask, clock: Clock, signal: AbortSignal): Promise<StoreResult> {
  const collisions = nameCollisions(task);
  const isDue = (artifact: SignedArtifact): boolean =>
    !isHeld(artifact.name, task) && !collisions.some((collision) => collision.artifact === artifact);
  const due = inTurn(task.artifacts.filter(isDue), task);
  const outcomes = await storeArtifacts({ ...task, artifacts: due }, clock, signal);
  return result(task, [...collisions, ...outcomes], rfc3339Seconds(clock.now()));
}

/** True when an earlier attempt stored all of an artifact. */
function isHeld(name: string, { before }: StoreTask): boolean {
  if (before?.missing === undefined || before.missing.includes(name)) return false;
  return before.locations.some(({ artifact }) => artifact === name);
}

/** Artifacts that had no turn last time come first. They head the list of what is missing. */
function inTurn(due: readonly SignedArtifact[], { before }: StoreTask): readonly SignedArtifact[] {
  const place = ({ name }: SignedArtifact): number => before?.missing?.indexOf(name) ?? -1;
  return due.toSorted((left, right) => place(left) - place(right));
}

function result(task: StoreTask, outcomes: readonly ArtifactOutcome[], storedTime: string): StoreResult {
  const { kind, name } = task.ref;
  const backendRef = { kind, name };
  const errors = task.artifacts.flatMap((artifact) => outcomes.find((of) => of.artifact === artifact) ?? []);
  const tried = errors.filter((outcome): outcome is FailedOutcome => outcome.error !== undefined);
  const gone = tried.find(({ error }) => error.reason === reasons.RunDeleted);
  // No retry brings back the run, or the content of its annotations.
  if (gone !== undefined) return { fact: { backendRef, state: 'Failed', locations: [], problem: problemOf([gone]) } };
  const failed = tried.filter(({ isPlaceless }) => isPlaceless !== true);
  const untried = outcomes.filter((outcome) => outcome.locations === undefined && outcome.error === undefined);
  const locations = allLocations(task, outcomes);
  const missing = [...untried, ...tried].map(({ artifact }) => artifact.name);
  const held = { locations, ...(missing.length === 0 ? {} : { missing }) };
  if (failed.length > 0) {
    const fact = { backendRef, state: 'Pending', ...held, problem: problemOf(failed) } as const;
    return { fact, retry: { afterSeconds: soonest(failed) } };
  }
  const artifacts = [...task.types];
  if (locations.length === 0) {
    const problem = tried.length === 0 ? nothingTaken(task) : problemOf(tried);
    return { fact: { backendRef, state: 'NotApplicable', artifacts, ...held, problem } };
  }
  const problem = tried.length === 0 ? {} : { problem: problemOf(tried) };
  return { fact: { backendRef, state: 'Stored', artifacts, ...held, storedTime, ...problem } };
}

/** The earlier locations and the new ones. */
function allLocations(
  { before, artifacts }: StoreTask,
  outcomes: readonly ArtifactOutcome[],
): readonly StoredLocation[] {
  const isRenewed = (name: string | undefined): boolean =>
    outcomes.some(
      ({ artifact, locations, error, isPlaceless }) =>
        artifact.name === name && (isPlaceless === true || (locations !== undefined && error === undefined)),
    );
  // A complete put, and the lack of a place, replace what was known of an artifact.
  const kept = (before?.locations ?? []).filter(({ artifact }) => !isRenewed(artifact));
  const came = outcomes.flatMap(({ artifact, locations = [] }) =>
    locations.map((location) => ({ ...location, artifact: artifact.name })),
  );
  const all = [...kept, ...came];
  const order = new Map(artifacts.map(({ name }, index) => [name, index]));
  const unique = new Map(all.map((location) => [JSON.stringify(location), location]));
  const place = ({ artifact = '' }: StoredLocation): number => order.get(artifact) ?? -1;
  return [...unique.values()].toSorted((left, right) => place(left) - place(right));
}

/** The first problem in the record's order, and the names of other artifacts that have one. */
function problemOf(tried: readonly FailedOutcome[]): Problem {
  const [first, ...others] = tried;
  if (first === undefined) throw new TypeError('nothing failed');
  const { artifact, error } = first;
  const message = error.message.includes(artifact.name) ? error.message : `${artifact.name}: ${error.message}`;
  if (others.length === 0) return { reason: error.reason, message };
  const named = others.slice(0, MAX_NAMED).map((other) => other.artifact.name);
  const more = others.length > MAX_NAMED ? ` and ${others.length - MAX_NAMED} more` : '';
  return { reason: error.reason, message: `${message} (also ${named.join(', ')}${more})` };
}

/** The shortest wait that a server asked for; none where one of them asked for none. */
function soonest(failed: readonly FailedOutcome[]): number | undefined {
  const asked = failed.map(({ error }) => error.retryAfterSeconds ?? 0);
  const seconds = Math.min(...asked);
  return seconds === 0 ? undefined : seconds;
}

function nothingTaken({ types }: StoreTask): Problem {
  const message = `the record has nothing that it takes: spec.artifacts is ${types.join(', ')}, and the backend's encoding must be able to hold the form`;
  return { reason: reasons.NoSubjects, message };
}
