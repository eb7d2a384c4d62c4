// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import { isFinished, mayComeToSelect, maySelect, whyNotSelected } from '../../pipelines/selection/run-selection.ts';
import { recordName } from '../../records/record-name.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';

/** The conditions of a record that can be awaited, by the word on the command line. */
export const goals = { ready: 'Ready', signed: 'Signed', stored: 'Stored', verified: 'Verified' } as const;
export type Goal = keyof typeof goals;

/** The state of a wait. `Failed` needs an action: waiting longer changes nothing. */
export interface WaitVerdict {
  readonly state: 'Met' | 'Waiting' | 'Failed';
  /** One line for each policy that counts. */
  readonly lines: readonly string[];
}

/** A run, the policies of its namespace and its records, as far as they can be read. */
export interface WaitFacts {
  /** As it was last seen; absent if it was deleted before. */
  readonly run?: RunSummary | undefined;
  /** True once the run is deleted. */
  readonly isGone?: boolean;
  readonly pipelines: readonly Pipeline[];
  /** The records of this run. */
  readonly records: readonly ProvenanceRecord[];
  /** False if some policies cannot be read: one of them may select the run. */
  readonly knowsPolicies: boolean;
}

export interface WaitRequest {
  readonly goal: Goal;
  /** The name of the one policy that counts; all do when absent. */
  readonly policy: string | undefined;
  readonly now: Date;
}

/** Decides from one reading. Pure. */
export function judgeWait(facts: WaitFacts, request: WaitRequest): WaitVerdict {
  const { goal, policy: wanted } = request;
  const records = facts.records.filter(({ spec }) => wanted === undefined || spec.policyRef.name === wanted);
  const pending = pendingPolicies(facts, records, request);
  const verdicts = [...records.map((record) => judgeRecord(record, goal)), ...pending];
  if (verdicts.length === 0) return nothingSelects(facts, request);
  const states = verdicts.map(({ state }) => state);
  const state = states.includes('Failed') ? 'Failed' : states.every((each) => each === 'Met') ? 'Met' : 'Waiting';
  return { state, lines: verdicts.flatMap(({ lines }) => lines) };
}

/** The policies that select the run, or may once it has finished, and have no record of it yet. */
function pendingPolicies(
  { run, isGone = false, pipelines }: WaitFacts,
  records: readonly ProvenanceRecord[],
  { policy: wanted, now }: WaitRequest,
): readonly WaitVerdict[] {
  if (run === undefined) return [];
  const recorded = new Set(records.map(({ metadata }) => metadata.name));
  return pipelines
    .filter(({ policy }) => wanted === undefined || policy.name === wanted)
    .filter(({ policy }) => maySelect(policy, run, now) && !recorded.has(recordName(run, policy)))
    .map(({ policy }) => {
      const { state, what } = withoutRecord(isFinished(run), isGone);
      return { state, lines: [`${describePolicy(policy)}: ${what}`] };
    });
}

function withoutRecord(
  isDone: boolean,
  isGone: boolean,
): { readonly state: WaitVerdict['state']; readonly what: string } {
  if (!isGone) return { state: 'Waiting', what: isDone ? 'there is no record yet' : 'the run has not finished' };
  // The operator keeps the last state of a finished run that is deleted before it is recorded.
  if (isDone) return { state: 'Waiting', what: 'the run is gone, and there is no record of it yet' };
  return { state: 'Failed', what: 'the run is gone, and was not seen to finish' };
}

function judgeRecord({ metadata, spec, status }: ProvenanceRecord, goal: Goal): WaitVerdict {
  const found = (type: string) =>
    // A condition of an earlier generation says nothing about this one.
    status?.conditions?.find((each) => each.type === type && each.observedGeneration === metadata.generation);
  const condition = (type: string): string | undefined => found(type)?.status;
  const { reason = 'Progressing', message = 'its record has no status yet' } = status ?? {};
  const namespace = spec.policyRef.kind === 'SigningPolicy' ? metadata.namespace : '';
  const policy = describePolicy({ ...spec.policyRef, namespace });
  const line = `${policy}: ${reason}: ${message} (record ${metadata.name})`;
  if (condition(goals[goal]) === 'True') return { state: 'Met', lines: [line] };
  const isReady = condition('Ready');
  // In Audit mode, a record is Ready and is never signed. Verified follows Ready.
  const isDone = isReady === 'True' && goal !== 'verified';
  const isStuck = isReady === 'False' && condition('Reconciling') === 'False';
  const isDamaged = condition('Verified') === 'False' && found('Verified')?.reason === reasons.VerificationFailed;
  const isNeverVerified = goal === 'verified' && (isDamaged || spec.mode === 'Audit');
  return { state: isDone || isStuck || isNeverVerified ? 'Failed' : 'Waiting', lines: [line] };
}

function nothingSelects(
  { run, isGone = false, pipelines, knowsPolicies }: WaitFacts,
  { policy, now }: WaitRequest,
): WaitVerdict {
  if (run === undefined || (isGone && !isFinished(run)))
    return { state: 'Failed', lines: ['the run is gone, and no record names it'] };
  if (!knowsPolicies)
    return { state: 'Waiting', lines: ['there is no record yet, and some policies cannot be read without permission'] };
  const chosen = pipelines.filter((each) => policy === undefined || each.policy.name === policy);
  const which = policy === undefined ? 'no policy' : `no policy named ${policy}`;
  if (chosen.length === 0) return { state: 'Failed', lines: [`${which} reaches namespace ${run.namespace}`] };
  // Tekton and others set labels after the run was created.
  const hopes = chosen.filter((each) => mayComeToSelect(each.policy, run, now));
  const lines = chosen.map((each) => {
    const unfinished = hopes.includes(each)
      ? 'its labels do not match spec.selector so far'
      : 'it cannot select the run';
    const why = isFinished(run) ? whyNotSelected(each.policy, run, now) : unfinished;
    return `${describePolicy(each.policy)} does not select the run: ${why ?? 'unknown'}`;
  });
  return { state: hopes.length > 0 ? 'Waiting' : 'Failed', lines };
}
