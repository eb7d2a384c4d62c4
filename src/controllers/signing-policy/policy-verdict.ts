// SPDX-License-Identifier: Apache-2.0
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { signingProblem } from '../../pipelines/selection/signing-problem.ts';
import { isPassingProblem } from '../storage-backend/backend-conditions.ts';

/** A backend in a policy's reach, with the result of its last probe. */
export interface ReachableBackend {
  readonly kind: string;
  readonly name: string;
  /** True when any probe of it has ended. Default: none has. */
  readonly isProbed?: boolean;
  /** The result of its last probe; absent when it is ready. */
  readonly problem?: Problem | undefined;
}

/** All that a policy's conditions are computed from. */
export interface PolicyFacts {
  readonly generation: number;
  /** The reason why the policy is not obeyed: it is invalid, or exceeds a ceiling. */
  readonly refused?: Problem | undefined;
  /** The reason why it cannot sign now, with a time if that passes without a change. */
  readonly keyProblem?: (Problem & { readonly retryAfterSeconds?: number }) | undefined;
  /** The reason why its witnesses do not count: a log that is not allowed, or a trusted root that cannot be read. */
  readonly witnessProblem?: (Problem & { readonly isMissing?: boolean }) | undefined;
  /** The signer as verifiers know it: `key SHA256:…`, or an identity and its issuer. */
  readonly signsAs?: string | undefined;
  /** Problems that are about to come. */
  readonly warnings?: readonly string[] | undefined;
  readonly backends: readonly ReachableBackend[];
  readonly missing: readonly { readonly kind: string; readonly name: string }[];
  /** The artifacts of the policy that backends in reach do not accept. */
  readonly untaken?: readonly string[] | undefined;
  /** The platform keeps its records for less time than it asks for. */
  readonly retentionCut?: string | undefined;
  /** The reason why it can neither keep runs from being deleted nor annotate them, although it asks for that. */
  readonly patchProblem?: Problem | undefined;
  /** The reason why finished runs of its namespace wait to be recorded; absent while none does. */
  readonly noRoom?: string | undefined;
  /** The operator cannot record the notes of children that it asks for. */
  readonly unrecordedNotes?: string | undefined;
  readonly mode: 'Enforce' | 'Audit';
  readonly isSuspended: boolean;
  /** True when what the policy needs from others has been missing for longer than an apply takes. */
  readonly isOverdue?: boolean;
}

/**
 * The future of a state without an edit of the policy. `Settled`: it is healthy and stays. `Passing`: it ends without a change. `Awaited`:
 * something is missing that the same apply may still bring. `Stuck`: a user has to change something.
 */
type Outlook = 'Settled' | 'Passing' | 'Awaited' | 'Stuck';

/** One condition, and its future. */
export interface Verdict extends Problem {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly outlook: Outlook;
}

/** The conditions Ready, KeyReady and BackendsReady of a policy. */
export interface PolicyVerdict {
  readonly ready: Verdict;
  readonly key: Verdict;
  readonly backends: Verdict;
}

/** Decides the state of a policy from facts alone. */
export function policyVerdict(facts: PolicyFacts): PolicyVerdict {
  const backends = backendsVerdict(facts);
  return { ready: readyVerdict(facts, backends), key: keyVerdict(facts), backends };
}

function readyVerdict(facts: PolicyFacts, backends: Verdict): Verdict {
  const { refused, isSuspended, keyProblem, witnessProblem } = facts;
  const isAudit = facts.mode === 'Audit';
  // An audit needs neither a key nor a witness.
  const problem = signingProblem({ refused, isSuspended, ...(isAudit ? {} : { keyProblem, witnessProblem }) });
  // Suspension is intended: nothing is left to do, so an apply that waits for Ready ends.
  if (problem?.reason === reasons.Suspended) return { status: 'True', outlook: 'Settled', ...problem };
  if (problem !== undefined) return { status: 'False', outlook: outlookOf(facts, problem), ...problem };
  // It ends as records retire, or another setting of theirs ends it.
  if (facts.noRoom !== undefined)
    return { status: 'False', outlook: 'Passing', reason: reasons.CeilingExceeded, message: facts.noRoom };
  if (isAudit) {
    const message = joined(['auditing: records show what would be signed, and nothing is signed', facts.retentionCut]);
    return { status: 'True', outlook: 'Settled', reason: reasons.AuditOnly, message };
  }
  if (backends.status !== 'True') return backends;
  if (facts.patchProblem !== undefined) return { status: 'False', outlook: 'Awaited', ...facts.patchProblem };
  return well(['ready to sign selected runs', ...(facts.untaken ?? []), facts.retentionCut, facts.unrecordedNotes]);
}

function keyVerdict(facts: PolicyFacts): Verdict {
  const { refused, keyProblem, signsAs = '', warnings = [] } = facts;
  // The key of a policy that is not obeyed is not checked.
  if (refused !== undefined) return { status: 'Unknown', outlook: 'Stuck', ...refused };
  if (keyProblem !== undefined) {
    const { reason, message } = keyProblem;
    return { status: 'False', outlook: outlookOf(facts, keyProblem), reason, message };
  }
  return well([`${signsAs} can sign`, ...warnings]);
}

const passing: ReadonlySet<Reason> = new Set([
  reasons.SignerUnavailable,
  reasons.TransparencyLogUnavailable,
  reasons.TimestampAuthorityUnavailable,
]);

/**
 * Problems that the same apply may still solve, without an edit of the policy: a missing Secret, a binding of the identity that signs, or an
 * operator that is about to be rolled out with what the policy needs.
 */
const awaited: ReadonlySet<Reason> = new Set([
  reasons.KeyNotFound,
  reasons.SignerUnauthorized,
  reasons.EndpointForbidden,
]);

function outlookOf({ keyProblem, witnessProblem }: PolicyFacts, { reason }: Problem): Outlook {
  // A key that is not valid yet becomes valid.
  const hasTime = keyProblem?.reason === reason && keyProblem.retryAfterSeconds !== undefined;
  if (hasTime || passing.has(reason)) return 'Passing';
  const isMissing = witnessProblem?.reason === reason && witnessProblem.isMissing === true;
  return isMissing || awaited.has(reason) ? 'Awaited' : 'Stuck';
}

function backendsVerdict({ backends, missing, untaken = [] }: PolicyFacts): Verdict {
  const [absent] = missing;
  if (absent !== undefined) {
    const message = `${absent.kind} ${absent.name} in spec.backendRefs does not exist or does not select this namespace: create it, or remove it from the list`;
    return { status: 'False', outlook: 'Awaited', reason: reasons.BackendNotFound, message };
  }
  if (backends.length === 0) {
    const message =
      'there is no backend for this policy: create one; until then runs are signed and their records wait';
    return { status: 'False', outlook: 'Awaited', reason: reasons.BackendNotFound, message };
  }
  return (
    brokenVerdict(backends) ??
    unprobedVerdict(backends) ??
    well([`${backends.length}/${backends.length} backends ready`, ...untaken])
  );
}

/** Reports a backend that needs a change before one that recovers. */
function brokenVerdict(backends: readonly ReachableBackend[]): Verdict | undefined {
  const broken = backends.flatMap(({ kind, name, problem }) =>
    problem === undefined ? [] : [{ kind, name, problem }],
  );
  const first = broken.find(({ problem }) => !isPassingProblem(problem)) ?? broken[0];
  if (first === undefined) return undefined;
  const message = `${first.kind} ${first.name} is not ready: ${first.problem.message}`;
  const outlook = isPassingProblem(first.problem) ? 'Passing' : 'Awaited';
  return { status: 'False', outlook, reason: reasons.BackendNotReady, message };
}

function unprobedVerdict(backends: readonly ReachableBackend[]): Verdict | undefined {
  const unprobed = backends.find(({ isProbed }) => isProbed !== true);
  if (unprobed === undefined) return undefined;
  const message = `${unprobed.kind} ${unprobed.name} has not been probed yet`;
  return { status: 'Unknown', outlook: 'Passing', reason: reasons.Progressing, message };
}

function well(messages: readonly (string | undefined)[]): Verdict {
  return { status: 'True', outlook: 'Settled', reason: reasons.Ready, message: joined(messages) };
}

function joined(messages: readonly (string | undefined)[]): string {
  return messages.filter((message) => message !== undefined).join('; ');
}
