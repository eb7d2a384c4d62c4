// SPDX-License-Identifier: Apache-2.0
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { shownDefaults } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { EventText } from '../../kube/events.ts';
import { readyEvents } from '../ready-events.ts';
import type { ConditionedStatus } from '../write-status.ts';
import type { PolicySnapshot } from './gather-policy.ts';
import { policyConditions } from './policy-conditions.ts';
import { policyEvents } from './policy-events.ts';
import type { SignerReport } from './signer-report.ts';

/** Intervals between checks of a signer that works, and of one that does not: a repaired Secret takes effect within a minute. */
const READY_SECONDS = 300;
const NOT_READY_SECONDS = 15;
/** The interval between attempts to read a trusted root: a mirror has to recover, or a user has to repair a ConfigMap. */
const WITNESS_SECONDS = 60;
/** The interval between questions for the right to patch runs, which someone has to grant. */
const GUARD_SECONDS = 30;

/** The status of a policy, its Events once that is written, and the time of its next check. */
export interface PolicyPlan {
  readonly status: ConditionedStatus;
  readonly events: readonly EventText[];
  readonly nextCheckSeconds: number;
}

/** Decides the status of a policy, its Events, and the time of its next check. */
export function planPolicy(snapshot: PolicySnapshot): PolicyPlan {
  const { policy, facts, report, graceSeconds, retiredBefore, before, now } = snapshot;
  const next = policyConditions({ ...facts, isOverdue: graceSeconds === 0 });
  const conditions = setConditions(before.conditions, next, now);
  const warnings = report === undefined ? [] : policyEvents({ before: before.conditions, after: conditions, report });
  const status = {
    observedGeneration: policy.generation,
    conditions,
    effective: shownDefaults(policy.spec),
    ...(report?.status ?? before.signer),
    ...(retiredBefore === undefined ? {} : { retiredBefore }),
  };
  return {
    status,
    events: [...readyEvents(before.conditions, conditions), ...warnings],
    nextCheckSeconds: secondsUntilNext(snapshot),
  };
}

/** Seconds until the next check, which is also due when a grace period ends. */
function secondsUntilNext({ report, facts, graceSeconds, now }: PolicySnapshot): number {
  const { witnessProblem, patchProblem } = facts;
  const waits = [secondsUntilSignerCheck(report, now)];
  if (patchProblem !== undefined) waits.push(GUARD_SECONDS);
  if (witnessProblem !== undefined) waits.push(WITNESS_SECONDS);
  if (graceSeconds !== undefined && graceSeconds > 0) waits.push(graceSeconds);
  return Math.min(...waits);
}

/** Seconds until the signer is checked again: no later than its key ends. */
function secondsUntilSignerCheck(report: SignerReport | undefined, now: Date): number {
  if (report === undefined) return NOT_READY_SECONDS;
  const { problem, endsAt } = report;
  if (problem !== undefined)
    return Math.min(Math.max(NOT_READY_SECONDS, problem.retryAfterSeconds ?? 0), READY_SECONDS);
  const endsIn = endsAt === undefined ? READY_SECONDS : (endsAt.getTime() - now.getTime()) / 1000 + 1;
  return Math.max(1, Math.min(READY_SECONDS, endsIn));
}
