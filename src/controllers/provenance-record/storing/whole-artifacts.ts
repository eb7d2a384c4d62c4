// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { PayloadlessArtifact, SignedArtifact } from '../../../evidence/artifact.ts';
import { heldArtifact, listedSubjects, withPayload } from '../../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../../evidence/evidence-error.ts';
import type { CompiledBackend } from '../../../pipelines/definitions.ts';
import { type PayloadLocation, payloadPlaces } from '../../../records/dropped-payloads.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { RunTarget } from '../../../storage/run-target.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import type { ControllerContext } from '../../controller-context.ts';

/** The part of the context that fetching payloads needs. */
export interface FetchingContext {
  readonly drivers: Pick<ControllerContext['drivers'], 'driver'>;
  readonly health: Pick<ControllerContext['health'], 'problem'>;
  readonly pipelines: ControllerContext['pipelines'];
}

/** Some artifacts of a record, as it holds them. */
export interface ArtifactsToComplete {
  readonly record: TrustedRecord;
  readonly artifacts: readonly EvidenceArtifact[];
  readonly run: RunTarget;
}

/**
 * Artifacts with their payloads. One that the record dropped is fetched from a backend, and counts only if it has the digest that is sealed
 * in the record with the signature. @throws StorageError for a payload that no backend gives back
 */
export async function wholeArtifacts(
  context: FetchingContext,
  { record, artifacts, run }: ArtifactsToComplete,
  signal: AbortSignal,
): Promise<readonly SignedArtifact[]> {
  const whole: SignedArtifact[] = [];
  for (const recorded of artifacts) {
    const held = heldArtifact(recorded);
    const work = { record, recorded, run };
    whole.push(held.payload === undefined ? await fetched(context, { ...work, held }, signal) : held);
  }
  return whole;
}

interface Fetching {
  readonly record: TrustedRecord;
  readonly recorded: EvidenceArtifact;
  readonly held: PayloadlessArtifact;
  readonly run: RunTarget;
}

async function fetched(context: FetchingContext, work: Fetching, signal: AbortSignal): Promise<SignedArtifact> {
  let failure = new StorageError('BackendNotReady', 'the record names no place that holds it');
  for (const place of payloadPlaces(work.record, work.recorded)) {
    try {
      return await fetchedFrom(context, place, work, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StorageError)) throw error;
      failure = error;
    }
  }
  const { reason, message, retryAfterSeconds } = failure;
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  throw new StorageError(
    reason,
    `the record dropped the payload of ${work.held.name} once it was stored, and no backend gives it back: ${message}; restore it there, nothing is signed again`,
    wait,
  );
}

async function fetchedFrom(
  context: FetchingContext,
  place: PayloadLocation,
  { record, recorded, held, run }: Fetching,
  signal: AbortSignal,
): Promise<SignedArtifact> {
  const backend = readableBackend(context, place, { record, recorded });
  const { payload } = await context.drivers.driver(backend).get(place, signal, run);
  const whole = completed(held, payload);
  if (whole === undefined) {
    throw new StorageError('BackendRejected', `${place.uri} holds something other than what was signed`);
  }
  return whole;
}

/** The backend of a place, as the record's policy may use it now. */
function readableBackend(
  { pipelines, health }: FetchingContext,
  { kind, name }: PayloadLocation,
  { record, recorded }: Pick<Fetching, 'record' | 'recorded'>,
): CompiledBackend {
  const { namespace } = record.object.metadata;
  const promised = pipelines.promisedBackend(record.policy, namespace, {
    kind,
    name,
    ...uidOf(record, { kind, name }),
  });
  if (promised === undefined) {
    throw new StorageError('BackendNotReady', `${kind} ${name} does not exist or does not select this namespace`);
  }
  const { exceeds } = pipelines.bounds.backendFor(promised, namespace, () => listedSubjects(recorded));
  if (exceeds !== undefined) {
    throw new StorageError('EndpointForbidden', `${kind} ${name} exceeds its ceiling: ${exceeds.message}`);
  }
  const problem = health.problem(promised);
  if (problem !== undefined)
    throw new StorageError('BackendNotReady', `${kind} ${name} is not ready: ${problem.message}`);
  return promised;
}

/** The UID under which the record was promised to a backend: that one may be read even where it selects the namespace no more. */
function uidOf({ object }: TrustedRecord, { kind, name }: Pick<PayloadLocation, 'kind' | 'name'>): { uid?: string } {
  const ref = object.spec.backendRefs?.find((of) => of.kind === kind && of.name === name);
  return ref?.uid === undefined ? {} : { uid: ref.uid };
}

/** Undefined unless the payload is the one that was signed. */
function completed(held: PayloadlessArtifact, payload: Buffer): SignedArtifact | undefined {
  try {
    return withPayload(held, payload);
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
