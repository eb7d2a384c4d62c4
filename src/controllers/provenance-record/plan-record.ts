// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { knownReason, type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import { refusal } from '../../pipelines/refusal.ts';
import { fitsForm, takesArtifact } from '../../storage/takes-artifact.ts';
import { annotationFact } from './storing/annotation-fact.ts';
import { backendFacts } from './storing/backend-facts.ts';
import { withoutStoredPayloads } from '../../records/dropped-payloads.ts';
import { hasNothingToSign } from '../../records/record-summary.ts';
import { loggingFact } from './signing/logging-fact.ts';
import { isProblem, type Problem } from '../../api/v1alpha1/problem.ts';
import type { BackendFact, LoggingFact, StatusFacts } from '../../records/status/record-facts.ts';
import { type BoundBackend, type RecordSnapshot } from './state/record-snapshot.ts';
import { type Retirement, retirement } from '../../records/retirement.ts';
import { isDoneWith } from '../../records/storage-state.ts';
import type { AdvancePlan, RecordPlan, StoreStep } from './state/record-plan.ts';

interface Considered {
  readonly snapshot: RecordSnapshot;
  readonly artifacts: readonly EvidenceArtifact[];
  readonly facts: StatusFacts;
  readonly end: Retirement;
}

type Rule = (considered: Considered) => RecordPlan | undefined;

const rules: readonly Rule[] = [
  ({ snapshot, facts, end }) => {
    const promised = facts.uncovered === undefined ? promisedFacts(facts.backends) : [];
    const why = whyRetired(snapshot, promised, end);
    return why === undefined ? undefined : { action: 'Retire', why };
  },
  ({ snapshot: { bindable, rebound, hasRun }, facts }) => {
    // While the run exists, its controller binds a record that was never bound.
    const backendRefs = hasRun === false && bindable !== undefined ? bindable : rebound;
    return backendRefs === undefined ? undefined : { action: 'Bind', backendRefs, facts };
  },
  ({ snapshot, artifacts, facts, end }) => {
    const unsigned = artifacts.length === 0 ? emptyProblem(snapshot) : unsignedNow(snapshot);
    return unsigned && { action: 'Wait', facts: { ...facts, unsigned }, ...retiresAt(end) };
  },
  ({ snapshot: { record }, facts, end }) => {
    // A backend that was edited may take more by now, and is given it first.
    const isDone =
      facts.logging?.state !== 'Pending' && facts.backends?.every(({ state }) => isDoneWith(state)) === true;
    const artifacts = isDone ? withoutStoredPayloads(record) : undefined;
    return artifacts && { action: 'Drop', artifacts, facts, ...retiresAt(end) };
  },
];

/** Decides the next action on a record: the first rule that applies, or to take it further. */
export function planRecord(snapshot: RecordSnapshot): RecordPlan {
  const artifacts = snapshot.record.object.evidence?.artifacts ?? [];
  const end = retirement(snapshot.record.object.spec, snapshot.policy?.spec, snapshot.maxRetentionSeconds);
  const considered = { snapshot, artifacts, facts: statusFacts(snapshot, artifacts), end };
  for (const rule of rules) {
    const plan = rule(considered);
    if (plan !== undefined) return plan;
  }
  return advance(considered);
}

function advance({ snapshot, facts, end }: Considered): AdvancePlan {
  const { signer } = snapshot;
  return {
    action: 'Advance',
    facts,
    ...(signer === undefined || isProblem(signer) ? {} : { sign: signer }),
    witness: isToBeWitnessed(snapshot, facts.logging),
    store: dueBackends(snapshot, facts.backends ?? []),
    ...retiresAt(end),
  };
}

function statusFacts(snapshot: RecordSnapshot, artifacts: readonly EvidenceArtifact[]): StatusFacts {
  const backends = backendFacts(snapshot);
  const logging = loggingFact(snapshot, artifacts);
  const promised = snapshot.backends.filter(({ isBackfill }) => isBackfill !== true);
  const uncovered = uncoveredArtifact(artifacts, promised, promisedFacts(backends));
  const { unbound, hasRun, policy } = snapshot;
  const annotation = annotationFact(snapshot);
  const isRunLost = hasRun === false && policy?.spec.deletionGuard.type === 'Hold';
  return {
    backends,
    ...(logging === undefined ? {} : { logging }),
    ...(uncovered === undefined ? {} : { uncovered }),
    ...(unbound === undefined ? {} : { unbound }),
    ...(isRunLost ? { isRunLost } : {}),
    ...(annotation === undefined ? {} : { annotation }),
  };
}

function promisedFacts(backends: readonly BackendFact[] = []): readonly BackendFact[] {
  return backends.filter(({ isBackfill }) => isBackfill !== true);
}

function retiresAt({ atMs }: Retirement): { readonly retiresAtMs?: number } {
  return atMs === undefined ? {} : { retiresAtMs: atMs };
}

/** A policy that is gone or refused names no witnesses. */
function isToBeWitnessed({ policy, areWitnessesDue }: RecordSnapshot, logging: LoggingFact | undefined): boolean {
  const isObeyed = policy !== undefined && refusal(policy) === undefined;
  return logging?.state === 'Pending' && isObeyed && areWitnessesDue === true;
}

function unsignedNow({ unsigned, signer }: RecordSnapshot): Problem | undefined {
  if (unsigned !== undefined) return unsigned;
  return signer !== undefined && isProblem(signer) ? signer : undefined;
}

/** Reasons under which the run controller would continue if the run still existed. */
const awaiting: ReadonlySet<Reason> = new Set([
  reasons.WaitingForChildren,
  reasons.ChildMissing,
  reasons.PolicyInvalid,
  reasons.CeilingExceeded,
  reasons.Progressing,
  // Reported for an image index that could not be read before it was signed.
  reasons.BackendUnavailable,
  reasons.BackendUnauthorized,
  reasons.BackendRejected,
  reasons.EndpointForbidden,
]);

const runDeleted: Problem = {
  reason: reasons.RunDeleted,
  message: 'the run was deleted before its payload was made, so nothing of it can be signed: delete this record',
};

/** The reason why there is no payload, as the run controller recorded it. */
function emptyProblem({ record, policy, hasRun }: RecordSnapshot): Problem {
  const stated = record.object.evidence?.problem;
  const known = knownReason(stated?.reason);
  if (hasRun === false && (known === undefined || awaiting.has(known))) return runDeleted;
  if (stated !== undefined && known !== undefined) return { reason: known, message: stated.message };
  const reason = policy === undefined ? reasons.PolicyDeleted : reasons.Progressing;
  return { reason, message: 'the payload of this run is not made yet' };
}

function dueBackends(snapshot: RecordSnapshot, facts: readonly BackendFact[]): readonly StoreStep[] {
  return snapshot.backends.flatMap((bound, index) => {
    const isOpen = facts[index]?.state === 'Pending';
    const mayGo = isOpen && bound.isDue && bound.parked === undefined;
    return mayGo && bound.backend !== undefined ? [{ bound, backend: bound.backend }] : [];
  });
}

/** Finds an artifact that no backend takes: it would never be stored anywhere, and the record would still report Ready. */
function uncoveredArtifact(
  artifacts: readonly EvidenceArtifact[],
  backends: readonly BoundBackend[],
  facts: readonly BackendFact[],
): Problem | undefined {
  // A backend that does not exist yet may take anything, and the record waits for it anyway.
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
  // A signed record that can still be stored is worth more than an early end.
  const mayBeStored = facts.some(({ state }) => state === 'Pending') && isSigned(record);
  if (end.withRun && !hasRun && !mayBeStored) return 'its run is gone and the policy keeps records with their runs';
  if (end.atMs !== undefined && end.atMs <= now.getTime() && !(mayBeStored && isWaitedFor(facts)))
    return 'the policy keeps records for a time, which is over';
  return undefined;
}

/** True when a backend that has not answered, or does not exist for now, may still take it; one that refused it had its time. */
function isWaitedFor(facts: readonly BackendFact[]): boolean {
  return facts.some(({ state, problem }) => state === 'Pending' && !refusals.has(problem?.reason));
}

function isSigned({ object }: RecordSnapshot['record']): boolean {
  const artifacts = object.evidence?.artifacts ?? [];
  return artifacts.length > 0 && artifacts.every(({ signature }) => signature !== undefined);
}
