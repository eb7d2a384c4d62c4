// SPDX-License-Identifier: Apache-2.0
import type { BackendRef, EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { fitsForm, takesArtifact } from '../../storage/takes-artifact.ts';
import { backendFacts } from './storing/backend-facts.ts';
import { hasNothingToSign } from '../../records/record-summary.ts';
import { loggingFact } from './signing/logging-fact.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { BackendFact, LoggingFact } from '../../records/record-facts.ts';
import { type BoundBackend, isProblem, type RecordSnapshot } from './record-snapshot.ts';
import { type Retirement, retirement } from '../../records/retirement.ts';
import { isDoneWith } from '../../records/storage-state.ts';

/** What to do about a record, in this order. */
export interface RecordPlan {
  /** Why the record is to be removed; nothing else is done then. */
  readonly retire?: string;
  /** The backends to bind the record to: its run is gone that would decide, or its backends are; nothing else is done then. */
  readonly bind?: readonly BackendRef[];
  /** What signs the artifacts that are unsigned. */
  readonly sign?: RunSigner;
  /** Why they stay unsigned. */
  readonly unsigned?: Problem;
  /** How far witnesses have seen the signatures; absent where none is asked for. `Pending`: they are asked before anything is stored. */
  readonly logging?: LoggingFact;
  /** Whether to ask the witnesses now. */
  readonly witness: boolean;
  /** How each backend stands before anything is stored. */
  readonly backends: readonly BackendFact[] | undefined;
  /** The backends to store in now. */
  readonly store: readonly { readonly bound: BoundBackend; readonly backend: CompiledBackend }[];
  readonly uncovered?: Problem;
  /** Why the record is bound to no backend, although there are some. */
  readonly unbound?: Problem;
  /** When the record retires by the clock, in milliseconds since the epoch. */
  readonly retiresAtMs?: number;
}

/** The decision: what a record needs next. */
export function planRecord(snapshot: RecordSnapshot): RecordPlan {
  const artifacts = snapshot.record.object.evidence?.artifacts ?? [];
  const facts = backendFacts(snapshot);
  const end = retirement(snapshot.record.object.spec, snapshot.policy?.spec);
  const promised = snapshot.backends.filter(({ isBackfill }) => isBackfill !== true);
  const owed = (facts ?? []).filter(({ isBackfill }) => isBackfill !== true);
  const uncovered = uncoveredArtifact(artifacts, promised, owed);
  const retire = whyRetired(snapshot, uncovered === undefined ? owed : [], end);
  const idle = { backends: facts, store: [], witness: false };
  if (retire !== undefined) return { retire, ...idle };
  const bind = bindingOf(snapshot);
  if (bind !== undefined) return { bind, ...idle };
  const logging = loggingFact(snapshot, artifacts);
  const clockwork = {
    ...(logging === undefined ? {} : { logging }),
    ...(end.atMs === undefined ? {} : { retiresAtMs: end.atMs }),
  };
  const problem = artifacts.length === 0 ? emptyProblem(snapshot) : unsignedNow(snapshot);
  if (problem !== undefined) return { unsigned: problem, ...idle, ...clockwork };
  return {
    backends: facts,
    store: dueBackends(snapshot, facts ?? []),
    witness: isToBeWitnessed(snapshot, logging),
    ...signing(snapshot),
    ...bindingProblems(snapshot, uncovered),
    ...clockwork,
  };
}

function bindingProblems(
  { unbound }: RecordSnapshot,
  uncovered: Problem | undefined,
): Pick<RecordPlan, 'uncovered' | 'unbound'> {
  return { ...(uncovered === undefined ? {} : { uncovered }), ...(unbound === undefined ? {} : { unbound }) };
}

/** While the run is there, its controller binds what was never bound. */
function bindingOf({ bindable, rebound, hasRun }: RecordSnapshot): readonly BackendRef[] | undefined {
  return hasRun === false && bindable !== undefined ? bindable : rebound;
}

/** A policy that is gone or invalid names no witnesses. */
function isToBeWitnessed({ policy, areWitnessesDue }: RecordSnapshot, logging: LoggingFact | undefined): boolean {
  const isObeyed = policy !== undefined && policy.invalid === undefined;
  return logging?.state === 'Pending' && isObeyed && areWitnessesDue === true;
}

function signing({ signer }: RecordSnapshot): Pick<RecordPlan, 'sign'> {
  return signer === undefined || isProblem(signer) ? {} : { sign: signer };
}

function unsignedNow({ unsigned, signer }: RecordSnapshot): Problem | undefined {
  if (unsigned !== undefined) return unsigned;
  return signer !== undefined && isProblem(signer) ? signer : undefined;
}

/** Reasons under which the run controller would go on, if there still were a run. */
const awaiting: ReadonlySet<Reason> = new Set([
  reasons.WaitingForChildren,
  reasons.ChildMissing,
  reasons.PolicyInvalid,
  reasons.Progressing,
  // An image index that could not be read before it was signed.
  reasons.BackendUnavailable,
  reasons.BackendUnauthorized,
  reasons.BackendRejected,
  reasons.EndpointForbidden,
]);

const runDeleted: Problem = {
  reason: reasons.RunDeleted,
  message: 'the run was deleted before its payload was made, so that nothing of it can be signed: delete this record',
};

/** Why there is no payload, as the run controller wrote it down. */
function emptyProblem({ record, policy, hasRun }: RecordSnapshot): Problem {
  const stated = record.object.evidence?.problem;
  const known = Object.values(reasons).find((reason) => reason === stated?.reason);
  if (hasRun === false && (known === undefined || awaiting.has(known))) return runDeleted;
  if (stated !== undefined && known !== undefined) return { reason: known, message: stated.message };
  const reason = policy === undefined ? reasons.PolicyDeleted : reasons.Progressing;
  return { reason, message: 'the payload of this run is not made yet' };
}

function dueBackends(snapshot: RecordSnapshot, facts: readonly BackendFact[]): RecordPlan['store'] {
  return snapshot.backends.flatMap((bound, index) => {
    const isOpen = facts[index]?.state === 'Pending';
    const mayGo = isOpen && bound.isDue && bound.parked === undefined;
    return mayGo && bound.backend !== undefined ? [{ bound, backend: bound.backend }] : [];
  });
}

/** An artifact that none of the backends takes would never be stored anywhere, and the record would still say Ready. */
function uncoveredArtifact(
  artifacts: readonly EvidenceArtifact[],
  backends: readonly BoundBackend[],
  facts: readonly BackendFact[],
): Problem | undefined {
  // A backend that is awaited may take anything; while it is, the record waits for it anyway.
  const isAwaited = backends.some(({ backend }, index) => backend === undefined && facts[index]?.state === 'Pending');
  if (isAwaited || backends.length === 0) return undefined;
  const isTaken = (artifact: EvidenceArtifact): boolean =>
    backends.some(({ backend }, index) => {
      if (backend !== undefined && takesArtifact(backend.spec, artifact)) return true;
      const { state, artifacts: held } = facts[index] ?? {};
      const couldHold = backend === undefined || fitsForm(backend.spec, artifact.form);
      return state === 'Stored' && couldHold && held?.includes(artifact.type) === true;
    });
  const lost = artifacts.find((artifact) => !isTaken(artifact));
  if (lost === undefined) return undefined;
  return {
    reason: reasons.BackendNotFound,
    message: `no backend takes ${lost.name}: make one that takes an ${lost.type} in the form ${lost.form}, or have one of them take it (spec.artifacts, or the encoding)`,
  };
}

const refusals: ReadonlySet<Reason | undefined> = new Set([reasons.BackendRejected, reasons.KeyConflict]);

/** A record is never retired before it is stored (or audited) or its run is gone. */
function whyRetired(
  { record, hasRun, now }: RecordSnapshot,
  facts: readonly BackendFact[],
  end: Retirement,
): string | undefined {
  const isDone =
    record.object.spec.mode === 'Audit' ||
    hasNothingToSign(record) ||
    (facts.length > 0 && facts.every(({ state }) => isDoneWith(state)));
  if (hasRun === undefined || !(isDone || !hasRun)) return undefined;
  // What is signed and can still be stored is worth more than an early end.
  const mayBeStored = facts.some(({ state }) => state === 'Pending') && isSigned(record);
  if (end.withRun && !hasRun && !mayBeStored) return 'its run is gone and the policy keeps records with their runs';
  if (end.atMs !== undefined && end.atMs <= now.getTime() && !(mayBeStored && isWaitedFor(facts)))
    return 'the policy keeps records for a time, which is over';
  return undefined;
}

/** Whether a backend that has not answered, or does not exist for now, may still take it; one that refused it had its time. */
function isWaitedFor(facts: readonly BackendFact[]): boolean {
  return facts.some(({ state, problem }) => state === 'Pending' && !refusals.has(problem?.reason));
}

function isSigned({ object }: RecordSnapshot['record']): boolean {
  const artifacts = object.evidence?.artifacts ?? [];
  return artifacts.length > 0 && artifacts.every(({ signature }) => signature !== undefined);
}
