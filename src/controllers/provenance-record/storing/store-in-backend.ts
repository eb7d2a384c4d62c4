// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../../api/v1alpha1/fields/date-time.ts';
import { reasons } from '../../../api/v1alpha1/reasons.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { runTarget } from '../../../storage/run-target.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import { takesArtifact } from '../../../storage/takes-artifact.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { BackendFact } from '../../../records/status/record-facts.ts';
import type { Attempts } from '../../memory/records/attempts.ts';
import { storageEntry } from '../../../records/status/storage-entries.ts';
import { isDoneWith } from '../../../records/storage-state.ts';
import { storeEvidence, type StoreTask } from './store-evidence.ts';
import { recordKey } from '../../../records/record-key.ts';
import type { StoreStep } from '../state/record-plan.ts';
import { tracedRun } from '../state/traced-run.ts';
import { type ArtifactsToComplete, wholeArtifacts } from './whole-artifacts.ts';

/** The part of the context that storing in a backend needs. */
export type BackendContext = Pick<
  ControllerContext,
  | 'clock'
  | 'drivers'
  | 'evidence'
  | 'fence'
  | 'health'
  | 'observer'
  | 'owners'
  | 'pipelines'
  | 'suspects'
  | 'tracing'
  | 'unconfirmedStores'
>;

/** One backend that stores a record's evidence now. */
export interface BackendWork {
  readonly record: TrustedRecord;
  /** The state of the backend before. */
  readonly before: BackendFact | undefined;
  readonly step: StoreStep;
}

/** Stores the artifacts that a backend takes, and reads them back. @returns the state of the backend after that */
export async function storeInBackend(
  context: BackendContext,
  attempts: Attempts,
  work: BackendWork,
  signal: AbortSignal,
): Promise<BackendFact> {
  const { record, before, step } = work;
  const { kind, name } = step.bound.ref;
  const conflict = step.backend.spec.type === 'Tekton' ? annotationConflict(context, record) : undefined;
  if (conflict !== undefined) return { backendRef: { kind, name }, state: 'Pending', locations: [], problem: conflict };
  const store = await storeTask(context, work, signal);
  if (store instanceof StorageError) return unfetched(attempts, work, store);
  const beganMs = context.clock.monotonicMs();
  const { fact, retry } = await context.tracing.step(
    tracedRun(record),
    { name: 'store', attributes: backendAttributes(step) },
    () => storeEvidence(store, context.clock, signal),
    (result) => resultOf(result.fact),
  );
  const seconds = (context.clock.monotonicMs() - beganMs) / 1000;
  context.observer.stored({
    type: step.backend.spec.type,
    result: resultOf(fact),
    seconds,
  });
  const attempt = { of: 'Store', record: recordKey(record.object.metadata), backend: { kind, name } } as const;
  const later = step.bound.isBackfill === true ? { isBackfill: true } : {};
  if (retry !== undefined) {
    const next = attempts.failed(attempt, retry.afterSeconds);
    // The probe finds out whether the backend fails, and then all other records wait for it.
    if (fact.problem?.reason !== reasons.KeyConflict) context.suspects.add(step.backend);
    const nextAttemptTime = rfc3339Seconds(next);
    return { ...fact, ...later, attempts: (before?.attempts ?? 0) + 1, nextAttemptTime };
  }
  attempts.reset(attempt);
  if (fact.state !== 'Stored') return { ...fact, ...later };
  context.unconfirmedStores.note(record, storageEntry({ ...fact, ...later }));
  const stored = await readBack(context, store, { record, fact: { ...fact, ...later }, step }, signal);
  context.unconfirmedStores.note(record, storageEntry(stored));
  // Don't write again and again what a request asked to be written again once.
  if (stored.verification?.state === 'Failed') attempts.failed(attempt);
  return stored;
}

async function readBack(
  context: BackendContext,
  { driver, artifacts, run }: StoreTask,
  { record, fact, step }: Pick<BackendWork, 'record' | 'step'> & { readonly fact: BackendFact },
  signal: AbortSignal,
): Promise<BackendFact> {
  const policy = context.pipelines.policy(record.policy);
  const now = context.clock.now();
  const work = { driver, artifacts, locations: fact.locations, run, policy, now };
  const verification = await context.tracing.step(
    tracedRun(record),
    { name: 'read back', attributes: backendAttributes(step) },
    () => context.evidence.verify(work, signal),
    (result) => (typeof result === 'string' ? 'Unread' : result.state),
  );
  const isAnswered = typeof verification !== 'string';
  context.observer.readBack({ type: step.backend.spec.type, result: isAnswered ? verification.state : 'Unread' });
  return isAnswered ? { ...fact, verification } : fact;
}

function backendAttributes({ bound, backend }: StoreStep): Readonly<Record<string, string>> {
  const { kind, name } = bound.ref;
  return { 'hallmark.backend.kind': kind, 'hallmark.backend.name': name, 'hallmark.backend.type': backend.spec.type };
}

/** The label of the result in metrics and traces. */
function resultOf({ state, problem }: BackendFact): string {
  return isDoneWith(state) ? state : (problem?.reason ?? state);
}

/** The state of a backend that cannot be given a payload, because the record dropped it and no other backend gives it back now. */
function unfetched(
  attempts: Attempts,
  { record, before, step }: BackendWork,
  { reason, message, retryAfterSeconds }: StorageError,
): BackendFact {
  const { kind, name } = step.bound.ref;
  const attempt = { of: 'Store', record: recordKey(record.object.metadata), backend: { kind, name } } as const;
  const nextAttemptTime = rfc3339Seconds(attempts.failed(attempt, retryAfterSeconds));
  return {
    ...(before ?? { backendRef: { kind, name }, locations: [] }),
    state: 'Pending',
    problem: { reason, message },
    attempts: (before?.attempts ?? 0) + 1,
    nextAttemptTime,
  };
}

/** @returns a StorageError where a payload that the record dropped cannot be fetched */
async function storeTask(
  context: BackendContext,
  { record, before, step }: BackendWork,
  signal: AbortSignal,
): Promise<StoreTask | StorageError> {
  const { spec, evidence, metadata } = record.object;
  const types = step.backend.spec.artifacts;
  const taken = (evidence?.artifacts ?? []).filter((artifact) => takesArtifact(step.backend.spec, artifact));
  const { namespace } = metadata;
  const run = runTarget({ ...spec, ...spec.runRef, namespace }, record.policy);
  const artifacts = await fetchedArtifacts(context, { record, artifacts: taken, run }, signal);
  if (artifacts instanceof StorageError) return artifacts;
  const fence = (): void => {
    context.fence(namespace);
  };
  const earlier = before === undefined ? {} : { before };
  return {
    ref: step.bound.ref,
    driver: context.drivers.driver(step.backend),
    artifacts,
    types,
    run,
    fence,
    ...earlier,
  };
}

/** The artifacts with their payloads, or the reason why one cannot be fetched. */
async function fetchedArtifacts(
  context: BackendContext,
  work: ArtifactsToComplete,
  signal: AbortSignal,
): Promise<readonly SignedArtifact[] | StorageError> {
  try {
    return await wholeArtifacts(context, work, signal);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
}

/** The reason why this record may not write its run's annotations: they hold the evidence of another policy's record. */
function annotationConflict(context: BackendContext, record: TrustedRecord): Problem | undefined {
  const key = recordKey(record.object.metadata);
  const owner = context.owners.claim(record.object.spec.runRef.uid, key);
  if (owner === key) return undefined;
  const message = `the annotations of the run hold the evidence of ProvenanceRecord ${owner}: let only one policy use a Tekton backend for this run, or delete that record`;
  return { reason: reasons.KeyConflict, message };
}
