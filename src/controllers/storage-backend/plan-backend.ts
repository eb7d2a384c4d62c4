// SPDX-License-Identifier: Apache-2.0
import { setConditions } from '../../api/v1alpha1/condition.ts';
import type { EventText } from '../../kube/events.ts';
import { readyEvents } from '../ready-events.ts';
import type { ConditionedStatus } from '../write-status.ts';
import { backendConditions } from './backend-conditions.ts';
import type { BackendSnapshot } from './gather-backend.ts';

const READY_SECONDS = 300;
const NOT_READY_SECONDS = 20;
/** From so many backends of a namespace that are not ready on, they share the probes that so many have. */
const PROBED_AT_FULL_PACE = 20;
/** Probes of backends that were made together are spread over this part of their interval. */
const JITTER = 0.2;

export interface ProbePace {
  /** The longest wait between two attempts at anything: a backend that is down is probed at least as often, unless many of its namespace are. */
  readonly maxRetrySeconds?: number | undefined;
  /** A number from 0 to 1 that spreads probes, drawn for each. */
  readonly spread: number;
}

/** The status of a backend, its Events once that is written, and the time of its next probe. */
export interface BackendPlan {
  readonly status: ConditionedStatus;
  readonly events: readonly EventText[];
  readonly nextProbeSeconds: number;
}

/** Decides the status of a backend, its Events, and the time of its next probe. */
export function planBackend(snapshot: BackendSnapshot, pace: ProbePace): BackendPlan {
  const { generation, problem, graceSeconds, untaken, before, now } = snapshot;
  const facts = { generation, problem, untaken, isOverdue: graceSeconds === 0 };
  const conditions = setConditions(before, backendConditions(facts), now);
  return {
    status: { observedGeneration: generation, conditions },
    events: readyEvents(before, conditions),
    nextProbeSeconds: nextProbeSeconds(snapshot, pace),
  };
}

/** The next probe is also due when a grace period ends. */
function nextProbeSeconds(
  { problem, othersDown, graceSeconds }: Pick<BackendSnapshot, 'graceSeconds' | 'othersDown' | 'problem'>,
  { maxRetrySeconds = NOT_READY_SECONDS, spread }: ProbePace,
): number {
  const downSeconds =
    Math.min(NOT_READY_SECONDS, maxRetrySeconds) * Math.max(1, (1 + othersDown) / PROBED_AT_FULL_PACE);
  const seconds = problem === undefined ? READY_SECONDS : downSeconds;
  const spreadSeconds = seconds * (1 - JITTER * spread);
  return graceSeconds === undefined || graceSeconds === 0 ? spreadSeconds : Math.min(spreadSeconds, graceSeconds);
}
