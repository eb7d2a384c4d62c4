// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import { isFinished, maySelect, whyNotSelected } from '../../pipelines/selection/run-selection.ts';
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
  /** Absent once it is deleted. */
  readonly run?: RunSummary | undefined;
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
  { run, pipelines }: WaitFacts,
  records: readonly ProvenanceRecord[],
  { policy: wanted, now }: WaitRequest,
): readonly WaitVerdict[] {
  if (run === undefined) return [];
  const recorded = new Set(records.map(({ metadata }) => metadata.name));
  return pipelines
    .filter(({ policy }) => wanted === undefined || policy.name === wanted)
    .filter(({ policy }) => maySelect(policy, run, now) && !recorded.has(recordName(run, policy)))
    .map(({ policy }) => {
      const what = isFinished(run) ? 'there is no record yet' : 'the run has not finished';
      return { state: 'Waiting', lines: [`${describePolicy(policy)}: ${what}`] };
    });
}

function judgeRecord({ metadata, spec, status }: ProvenanceRecord, goal: Goal): WaitVerdict {
  const condition = (type: string): string | undefined => {
    const found = status?.conditions?.find((each) => each.type === type);
    // A condition of an earlier generation says nothing about this one.
    return found?.observedGeneration === metadata.generation ? found.status : undefined;
  };
  const { reason = 'Progressing', message = 'its record has no status yet' } = status ?? {};
  const namespace = spec.policyRef.kind === 'SigningPolicy' ? metadata.namespace : '';
  const policy = describePolicy({ ...spec.policyRef, namespace });
  const line = `${policy}: ${reason}: ${message} (record ${metadata.name})`;
  if (condition(goals[goal]) === 'True') return { state: 'Met', lines: [line] };
  const isReady = condition('Ready');
  // In Audit mode, a record is Ready and is never signed. Verified follows Ready, and False reports damage.
  const isDone = isReady === 'True' && goal !== 'verified';
  const isStuck = isReady === 'False' && condition('Reconciling') === 'False';
  const isDamaged = goal === 'verified' && (condition('Verified') === 'False' || spec.mode === 'Audit');
  return { state: isDone || isStuck || isDamaged ? 'Failed' : 'Waiting', lines: [line] };
}

function nothingSelects({ run, pipelines, knowsPolicies }: WaitFacts, { policy, now }: WaitRequest): WaitVerdict {
  if (run === undefined) return { state: 'Failed', lines: ['the run is gone, and no record names it'] };
  if (!knowsPolicies)
    return { state: 'Waiting', lines: ['there is no record yet, and some policies cannot be read without permission'] };
  const chosen = pipelines.filter((each) => policy === undefined || each.policy.name === policy);
  const which = policy === undefined ? 'no policy' : `no policy named ${policy}`;
  if (chosen.length === 0) return { state: 'Failed', lines: [`${which} reaches namespace ${run.namespace}`] };
  const lines = chosen.map((each) => {
    const why = isFinished(run) ? whyNotSelected(each.policy, run, now) : 'it cannot select the run';
    return `${describePolicy(each.policy)} does not select the run: ${why ?? 'unknown'}`;
  });
  return { state: 'Failed', lines };
}
