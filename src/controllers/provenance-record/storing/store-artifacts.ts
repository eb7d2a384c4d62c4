// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { StorageDriver } from '../../../storage/driver.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import type { RunTarget } from '../../../storage/run-target.ts';
import type { Location } from '../../../storage/stored-evidence.ts';

/** Artifacts of one record for one backend. */
export interface ArtifactsToStore {
  readonly driver: StorageDriver;
  /** In the order in which they are tried. */
  readonly artifacts: readonly SignedArtifact[];
  readonly run: RunTarget;
  /** Throws when nothing may be written any more; called before each write. */
  readonly fence: () => void;
}

/** The outcome for one artifact. Without `locations` and `error` it was not tried. */
export interface ArtifactOutcome {
  readonly artifact: SignedArtifact;
  /** The places that hold it; only some of them if `error` is set. */
  readonly locations?: readonly Location[];
  readonly error?: StorageError;
  /** True when `error` means that the backend has no place for it, now or later. */
  readonly isPlaceless?: boolean;
}

/** After a failure nothing further is started beyond this time: the other records of the backend wait. */
const FAILING_TURN_MS = 120_000;

/** Failures of the server itself: the other artifacts would meet the same one. */
const ofServer: ReadonlySet<StorageError['reason']> = new Set([
  'BackendUnavailable',
  'BackendUnauthorized',
  'BackendNotReady',
  'EndpointForbidden',
]);

/**
 * Stores all artifacts at once where the backend can; otherwise, or where it does not take them together, one after the other. Rejects on
 * abort and by the fence; other failures are outcomes.
 */
export async function storeArtifacts(
  work: ArtifactsToStore,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly ArtifactOutcome[]> {
  return (await storeTogether(work, signal)) ?? storeInTurn(work, clock, signal);
}

/** @returns undefined where the artifacts have to be tried one by one */
async function storeTogether(
  { driver, artifacts, run, fence }: ArtifactsToStore,
  signal: AbortSignal,
): Promise<readonly ArtifactOutcome[] | undefined> {
  if (driver.putAll === undefined || artifacts.length < 2) return undefined;
  fence();
  try {
    const locations = await driver.putAll(artifacts, run, signal);
    return artifacts.map((artifact, index) => ({ artifact, locations: locations[index] ?? [] }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StorageError)) throw error;
    if (!endsTurn(error, driver)) return undefined;
    return artifacts.map((artifact, index) => (index === 0 ? { artifact, error } : { artifact }));
  }
}

async function storeInTurn(
  { driver, artifacts, run, fence }: ArtifactsToStore,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly ArtifactOutcome[]> {
  const outcomes: ArtifactOutcome[] = [];
  const beganMs = clock.monotonicMs();
  let [hasFailed, isOver] = [false, false];
  for (const artifact of artifacts) {
    if (isOver) {
      outcomes.push({ artifact });
      continue;
    }
    fence();
    const outcome = await storeArtifact(driver, artifact, run, signal);
    outcomes.push(outcome);
    const { error } = outcome;
    hasFailed ||= error !== undefined && outcome.isPlaceless !== true;
    const isLate = hasFailed && clock.monotonicMs() - beganMs >= FAILING_TURN_MS;
    isOver = isLate || (error !== undefined && endsTurn(error, driver));
  }
  return outcomes;
}

async function storeArtifact(
  driver: StorageDriver,
  artifact: SignedArtifact,
  run: RunTarget,
  signal: AbortSignal,
): Promise<ArtifactOutcome> {
  try {
    return { artifact, locations: await driver.put(artifact, run, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StorageError)) throw error;
    return { artifact, locations: error.locations, error, isPlaceless: error.reason === 'NoSubjects' };
  }
}

function endsTurn({ reason }: StorageError, driver: StorageDriver): boolean {
  // The run is gone, and its annotations with it.
  if (reason === 'RunDeleted') return true;
  return driver.hasManyServers !== true && ofServer.has(reason);
}
