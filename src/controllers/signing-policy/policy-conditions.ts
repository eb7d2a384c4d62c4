// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import type { Problem } from '../provenance-record/record-facts.ts';

/** A backend in a policy's reach, and what its own controller found. */
export interface BackendHealth {
  readonly kind: string;
  readonly name: string;
  /** Absent while it has not been looked at. */
  readonly problem?: Problem | undefined;
}

/** All that a policy's conditions are computed from. */
export interface PolicyFacts {
  readonly generation: number;
  /** Why the object cannot be obeyed as written. */
  readonly invalid?: string | undefined;
  /** Why it cannot sign now; with a time when that will be over by itself. */
  readonly keyProblem?: (Problem & { readonly retryAfterSeconds?: number }) | undefined;
  /** Why the word of its witnesses would not count: a log that is not allowed, or a trusted root that cannot be had. */
  readonly witnessProblem?: Problem | undefined;
  /** Whom it signs as: `key SHA256:…`, or an identity and its issuer. */
  readonly signsAs?: string | undefined;
  /** What is well now and will not be for long. */
  readonly warnings?: readonly string[] | undefined;
  readonly backends: readonly BackendHealth[];
  readonly missing: readonly { readonly kind: string; readonly name: string }[];
  readonly mode: 'Enforce' | 'Audit';
  readonly isSuspended: boolean;
}

type Verdict = Problem & { readonly status: 'True' | 'False' };

/** The conditions of a policy, computed from facts alone. */
export function policyConditions(facts: PolicyFacts): readonly ConditionFact[] {
  const key = keyVerdict(facts);
  const backends = backendsVerdict(facts);
  const ready = readyVerdict(facts, key, backends);
  const waits = (ready === key && healsByItself(facts)) || isAway(ready.reason);
  const isStalled = ready.status === 'False' && ready.reason !== reasons.Suspended && !waits;
  const condition = (type: string, { status, reason, message }: Verdict): ConditionFact => {
    return { type, status, reason, message, observedGeneration: facts.generation };
  };
  return [
    condition('Ready', ready),
    condition('KeyReady', key),
    condition('BackendsReady', backends),
    condition('Reconciling', { ...ready, status: waits ? 'True' : 'False' }),
    condition('Stalled', { ...ready, status: isStalled ? 'True' : 'False' }),
  ];
}

function readyVerdict(facts: PolicyFacts, key: Verdict, backends: Verdict): Verdict {
  if (facts.invalid !== undefined) return { status: 'False', reason: reasons.PolicyInvalid, message: facts.invalid };
  if (facts.isSuspended) {
    const message = 'suspended: selected runs are recorded and signed once spec.suspend is false';
    return { status: 'False', reason: reasons.Suspended, message };
  }
  if (facts.mode === 'Audit') {
    const message = 'audits: what would be signed is recorded, and nothing is signed';
    return { status: 'True', reason: reasons.AuditOnly, message };
  }
  if (key.status === 'False') return key;
  if (facts.witnessProblem !== undefined) return { status: 'False', ...facts.witnessProblem };
  if (backends.status === 'False') return backends;
  return { status: 'True', reason: reasons.Ready, message: 'selected runs are signed and stored' };
}

function keyVerdict({ invalid, keyProblem, signsAs = '', warnings = [] }: PolicyFacts): Verdict {
  if (invalid !== undefined) return { status: 'False', reason: reasons.PolicyInvalid, message: invalid };
  if (keyProblem !== undefined) return { status: 'False', reason: keyProblem.reason, message: keyProblem.message };
  return { status: 'True', reason: reasons.Ready, message: [`${signsAs} can sign`, ...warnings].join('; ') };
}

/** A service that is away comes back, and a key whose time has not come will have it; all else needs somebody's hand. */
function healsByItself({ keyProblem }: PolicyFacts): boolean {
  return keyProblem?.reason === reasons.SignerUnavailable || keyProblem?.retryAfterSeconds !== undefined;
}

/** What a trusted root is fetched from comes back. */
function isAway(reason: Reason): boolean {
  return reason === reasons.TransparencyLogUnavailable || reason === reasons.TimestampAuthorityUnavailable;
}

function backendsVerdict({ backends, missing }: PolicyFacts): Verdict {
  const [absent] = missing;
  if (absent !== undefined) {
    const message = `${absent.kind} ${absent.name} of spec.backendRefs is not in reach: create it, or take it out of the list`;
    return { status: 'False', reason: reasons.BackendNotFound, message };
  }
  if (backends.length === 0) {
    const message = 'no backend is in reach of this policy: create one, or runs are signed and stored nowhere';
    return { status: 'False', reason: reasons.BackendNotFound, message };
  }
  const broken = backends.find(({ problem }) => problem !== undefined);
  if (broken?.problem !== undefined) {
    const message = `${broken.kind} ${broken.name} is not ready: ${broken.problem.message}`;
    return { status: 'False', reason: reasons.BackendNotReady, message };
  }
  return { status: 'True', reason: reasons.Ready, message: `${backends.length} backends in reach` };
}
