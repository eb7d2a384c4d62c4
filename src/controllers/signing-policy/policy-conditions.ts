// SPDX-License-Identifier: Apache-2.0
import type { ConditionFact } from '../../api/v1alpha1/condition.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
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
  readonly keyProblem?: Problem | undefined;
  readonly keyID?: string | undefined;
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
  const isStalled = ready.status === 'False' && ready.reason !== reasons.Suspended;
  const condition = (type: string, { status, reason, message }: Verdict): ConditionFact => {
    return { type, status, reason, message, observedGeneration: facts.generation };
  };
  return [
    condition('Ready', ready),
    condition('KeyReady', key),
    condition('BackendsReady', backends),
    condition('Reconciling', { ...ready, status: 'False' }),
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
  if (backends.status === 'False') return backends;
  return { status: 'True', reason: reasons.Ready, message: 'selected runs are signed and stored' };
}

function keyVerdict({ invalid, keyProblem, keyID }: PolicyFacts): Verdict {
  if (invalid !== undefined) return { status: 'False', reason: reasons.PolicyInvalid, message: invalid };
  if (keyProblem !== undefined) return { status: 'False', ...keyProblem };
  return { status: 'True', reason: reasons.Ready, message: `key ${keyID ?? ''} can sign` };
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
