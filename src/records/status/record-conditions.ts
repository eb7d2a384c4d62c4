// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import { leftOut } from './left-out.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { BackendFact, LoggingFact, RecordFacts } from './record-facts.ts';
import { isDoneWith } from '../storage-state.ts';

interface Verdict extends Problem {
  readonly status: 'True' | 'False';
}

/** Reasons under which the operator continues by itself, with back-off. */
const retried: ReadonlySet<Reason> = new Set([
  reasons.Progressing,
  reasons.WaitingForChildren,
  reasons.ChildMissing,
  reasons.BackendNotReady,
  reasons.BackendUnauthorized,
  reasons.BackendUnavailable,
  reasons.BackendRejected,
  reasons.SignerUnavailable,
  reasons.TransparencyLogUnavailable,
  reasons.TimestampAuthorityUnavailable,
]);

/** Reasons that the policy's author intends: nothing is stuck. */
const intended: ReadonlySet<Reason> = new Set([
  reasons.Stored,
  reasons.Signed,
  reasons.Logged,
  reasons.Verified,
  reasons.Complete,
  reasons.AuditOnly,
  reasons.Suspended,
]);

type Rule = (facts: RecordFacts) => Verdict | undefined;

/** The rules for Ready: the first that applies wins, and only the last reports that everything is done. */
const readyRules: readonly Rule[] = [
  ({ unsigned }) => unsigned && { status: unsigned.reason === reasons.AuditOnly ? 'True' : 'False', ...unsigned },
  ({ artifacts }) =>
    artifacts.every(({ isSigned }) => isSigned)
      ? undefined
      : { status: 'False', reason: reasons.Progressing, message: 'the evidence is being signed' },
  ({ logging }) => (logging?.state === 'Pending' ? pendingVerdict(logging.problem) : undefined),
  (facts) => {
    const stored = storedVerdict(facts);
    return stored.status === 'True' ? undefined : stored;
  },
  ({ backends = [] }) => failedVerification(backends),
  (facts) => storedVerdict(facts),
];

const storedRules: readonly Rule[] = [
  ({ unbound }) => unbound && { status: 'False', ...unbound },
  ({ backends }) =>
    backends !== undefined && backends.length > 0
      ? undefined
      : {
          status: 'False',
          reason: reasons.BackendNotFound,
          message:
            'no backend takes the evidence of this run: create a StorageBackend in its namespace with a selector that does (an empty one if the run is gone)',
        },
  ({ uncovered }) => uncovered && { status: 'False', ...uncovered },
  ({ backends = [] }) => firstFailure(promised(backends)),
  ({ backends = [] }) =>
    promised(backends).some(({ state }) => state === 'Pending')
      ? { status: 'False', reason: reasons.Progressing, message: `stored in ${storedCount(backends)} backends so far` }
      : undefined,
  lostArtifact,
  ({ backends = [] }) => ({ status: 'True', reason: reasons.Stored, message: storedMessage(backends) }),
];

/** Computes the conditions of a record from facts alone. */
export function recordConditions(facts: RecordFacts): readonly ConditionFact[] {
  const signed = signedVerdict(facts);
  const stored = lostRunNoted(
    facts,
    facts.unsigned === undefined ? storedVerdict(facts) : { ...facts.unsigned, status: 'False' },
  );
  const first = firstOf(readyRules, facts);
  const ready = stored.status === 'True' ? first : lostRunNoted(facts, first);
  const isReconciling = ready.status === 'False' && retried.has(ready.reason) && !isRefused(facts);
  const isStalled = ready.status === 'False' && !isReconciling && !intended.has(ready.reason) && !isEmpty(facts);
  const condition = (
    type: string,
    { status, reason, message }: Omit<Verdict, 'status'> & { status: 'True' | 'False' },
  ) => ({
    type,
    status,
    reason,
    message,
    observedGeneration: facts.generation,
  });
  const flag = (isSet: boolean): Verdict => ({ ...ready, status: isSet ? 'True' : 'False' });
  return [
    condition('Ready', ready),
    ...completeVerdicts(facts).map((verdict) => condition('Complete', verdict)),
    condition('Signed', signed),
    ...(facts.logging === undefined ? [] : [condition('Logged', loggedVerdict(facts.logging, facts.unsigned))]),
    condition('Stored', stored),
    ...verifiedVerdicts(facts).map((verdict) => condition('Verified', verdict)),
    ...annotatedVerdicts(facts).map((verdict) => condition('RunAnnotated', verdict)),
    condition('Reconciling', flag(isReconciling)),
    condition('Stalled', flag(isStalled)),
  ];
}

/** True when the record is Ready because its evidence is stored. */
export function isReadyStored(facts: RecordFacts): boolean {
  const { status, reason } = firstOf(readyRules, facts);
  return status === 'True' && reason === reasons.Stored;
}

/** RunAnnotated is absent where the policy does not ask for the annotations of Tekton Chains. */
function annotatedVerdicts({ annotation }: RecordFacts): readonly Verdict[] {
  if (annotation === undefined) return [];
  if (annotation.isDone)
    return [{ status: 'True', reason: reasons.Stored, message: 'the run has the annotations of Tekton Chains' }];
  const waiting = { reason: reasons.Progressing, message: 'the run is annotated once this record is Ready' };
  return [{ status: 'False', ...(annotation.problem ?? waiting) }];
}

/** Says of what is not stored that its run is gone: it was kept until the deadline, or nothing kept it. */
function lostRunNoted({ isRunLost }: RecordFacts, verdict: Verdict): Verdict {
  if (isRunLost !== true || verdict.status === 'True' || verdict.reason === reasons.RunDeleted) return verdict;
  return { ...verdict, message: `${verdict.message}; the run is gone, no deletion guard keeps it any more` };
}

/** True for a run that has nothing to sign: nothing is left to do about it. */
function isEmpty({ unsigned, artifacts }: RecordFacts): boolean {
  return unsigned?.reason === reasons.NoSubjects && artifacts.length === 0;
}

/** True for a payload that its policy refuses to sign: nothing is awaited. */
function isRefused({ unsigned, artifacts }: RecordFacts): boolean {
  return unsigned?.reason === reasons.ChildMissing && artifacts.length > 0;
}

/** `2/3`: the promised backends that hold everything they have a place for, of all promised backends that have one. */
export function storedCount(backends: readonly BackendFact[]): string {
  const placed = promised(backends).filter(hasPlace);
  // Count the backends of later requests where none of these has a place.
  const all = placed.length > 0 ? placed : backends.filter(hasPlace);
  return `${all.filter(({ state }) => state === 'Stored').length}/${all.length}`;
}

function storedMessage(backends: readonly BackendFact[]): string {
  const message = `signed and stored in ${storedCount(backends)} backends`;
  const without = promised(backends).filter((backend) => !hasPlace(backend)).length;
  return without === 0 ? message : `${message}; ${without} more ${without === 1 ? 'has' : 'have'} no place for it`;
}

function hasPlace({ state }: BackendFact): boolean {
  return state !== 'NotApplicable';
}

/** The backends without those of later requests, which never take away from what the record reports. */
function promised(backends: readonly BackendFact[]): readonly BackendFact[] {
  return backends.filter(({ isBackfill }) => isBackfill !== true);
}

function pendingVerdict(problem: Problem | undefined): Verdict {
  if (problem !== undefined) return { status: 'False', ...problem };
  return { status: 'False', reason: reasons.Progressing, message: 'the signatures are being witnessed' };
}

function loggedVerdict(logging: LoggingFact, unsigned: Problem | undefined): Verdict {
  if (unsigned !== undefined) return { status: 'False', ...unsigned };
  switch (logging.state) {
    case 'Logged':
      return { status: 'True', reason: reasons.Logged, message: 'every signature is witnessed as the policy asks' };
    case 'Without':
      return { status: 'False', reason: reasons.TransparencyLogUnavailable, message: logging.message };
    case 'Pending':
      return pendingVerdict(logging.problem);
  }
}

/** Complete is absent until there is a payload. */
function completeVerdicts(facts: RecordFacts): readonly Verdict[] {
  const missing = leftOut(facts);
  if (missing !== undefined) return [{ status: 'False', ...missing }];
  if (facts.artifacts.length === 0) return [];
  return [{ status: 'True', reason: reasons.Complete, message: 'all that the run announced is in its evidence' }];
}

function failedVerification(backends: readonly BackendFact[]): Verdict | undefined {
  const failed = backends.find(({ verification }) => verification?.state === 'Failed');
  if (failed === undefined) return undefined;
  const { kind, name } = failed.backendRef;
  const message = `${kind} ${name}: ${failed.verification?.message ?? 'what it holds does not verify'}`;
  return { status: 'False', reason: reasons.VerificationFailed, message };
}

/** Verified is absent until something was stored. */
function verifiedVerdicts({ backends = [] }: RecordFacts): readonly Verdict[] {
  const held = backends.filter(({ state, locations }) => state === 'Stored' && locations.length > 0);
  if (held.length === 0) return [];
  const failed = failedVerification(held);
  if (failed !== undefined) return [failed];
  const verified = held.filter(({ verification }) => verification?.state === 'Verified').length;
  if (verified < held.length) {
    const unread = held.find((fact) => fact.verification === undefined && fact.unread !== undefined);
    const why = unread === undefined ? '' : `; ${unread.backendRef.kind} ${unread.backendRef.name}: ${unread.unread}`;
    const message = `read back from ${verified}/${held.length} backends so far${why}`;
    return [{ status: 'False', reason: reasons.Progressing, message }];
  }
  const message = `read back and verified from ${held.length}/${held.length} backends`;
  return [{ status: 'True', reason: reasons.Verified, message }];
}

function signedVerdict({ unsigned, artifacts }: RecordFacts): Verdict {
  if (unsigned !== undefined) return { ...unsigned, status: 'False' };
  const missing = artifacts.filter(({ isSigned }) => !isSigned).length;
  if (missing > 0)
    return {
      status: 'False',
      reason: reasons.Progressing,
      message: `signed ${artifacts.length - missing}/${artifacts.length} artifacts so far`,
    };
  return {
    status: 'True',
    reason: reasons.Signed,
    message: `signed ${artifacts.length}/${artifacts.length} artifacts`,
  };
}

function storedVerdict(facts: RecordFacts): Verdict {
  return firstOf(storedRules, facts);
}

function firstOf(rules: readonly Rule[], facts: RecordFacts): Verdict {
  for (const rule of rules) {
    const verdict = rule(facts);
    if (verdict !== undefined) return verdict;
  }
  throw new Error('the last rule always speaks');
}

function firstFailure(backends: readonly BackendFact[]): Verdict | undefined {
  const failed = backends.flatMap(({ state, problem, backendRef }) =>
    isDoneWith(state) || problem === undefined ? [] : [{ problem, backendRef }],
  );
  const [first] = failed;
  if (first === undefined) return undefined;
  const { kind, name } = first.backendRef;
  const others = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return {
    status: 'False',
    reason: first.problem.reason,
    message: `${kind} ${name}: ${first.problem.message}${others}`,
  };
}

/** Reports an artifact that no backend has a place for, although every backend is done. A backend of a later request may hold it. */
function lostArtifact({ artifacts, backends = [] }: RecordFacts): Verdict | undefined {
  const lost = artifacts.filter(({ name }) => !backends.some((backend) => mayHold(backend, name)));
  const [first] = lost;
  if (first === undefined) return undefined;
  const others = lost.length > 1 ? ` (and ${lost.length - 1} more of its artifacts)` : '';
  const without = promised(backends).filter(({ problem }) => problem !== undefined);
  const cause = without.find(({ missing }) => missing?.includes(first.name) === true) ?? without[0];
  if (cause?.problem === undefined) {
    const message = `no backend has a place for ${first.name}${others}: add a backend that takes it`;
    return { status: 'False', reason: reasons.NoSubjects, message };
  }
  const { kind, name } = cause.backendRef;
  return {
    status: 'False',
    reason: cause.problem.reason,
    message: `no backend has a place for ${first.name}${others}: ${kind} ${name}: ${cause.problem.message}`,
  };
}

/** True when a backend holds an artifact, as far as its status lists its content. */
function mayHold({ state, locations, unlistedLocations = 0, missing = [] }: BackendFact, name: string): boolean {
  if (state !== 'Stored') return false;
  if (locations.some(({ artifact = name }) => artifact === name)) return true;
  return unlistedLocations > 0 && !missing.includes(name);
}
