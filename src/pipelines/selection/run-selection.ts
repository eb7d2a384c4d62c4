// SPDX-License-Identifier: Apache-2.0
import { labelSelectorMatches } from '../../api/v1alpha1/fields/label-selector.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { PolicyDefinition } from '../definitions.ts';

/** Tekton's own name in `spec.managedBy`; absent means the same. */
const TEKTON = 'tekton.dev/pipeline';

/** A finished run. */
export type SelectableRun = RunSummary & { readonly finished: NonNullable<RunSummary['finished']> };

type Rule<Run extends RunSummary = SelectableRun> = (
  policy: PolicyDefinition,
  run: Run,
  now: Date,
) => string | undefined;

const ofKind: Rule<RunSummary> = ({ spec }, run) =>
  spec.runs.kinds.includes(run.kind) ? undefined : `it signs ${spec.runs.kinds.join(', ')} only (spec.runs.kinds)`;

const withLabels: Rule<RunSummary> = ({ spec }, run) =>
  labelSelectorMatches(spec.selector, run.labels) ? undefined : "the run's labels do not match spec.selector";

const ofManager: Rule<RunSummary> = ({ spec }, { managedBy }) =>
  managedBy === '' || managedBy === TEKTON || spec.runs.managedBy.includes(managedBy)
    ? undefined
    : `the run is managed by ${managedBy}, which spec.runs.managedBy does not list`;

/** The rules that can be applied from the creation of a run. */
const rulesOfAll: readonly Rule<RunSummary>[] = [ofKind, withLabels, ofManager];
/** Those whose outcome no edit of the run changes. */
const fixedRules: readonly Rule<RunSummary>[] = [ofKind, ofManager];

/** Reasons why a policy does not select a run, in the order of `hallmark explain`; the first one found wins. */
const rules: readonly Rule[] = [
  ...rulesOfAll,
  ({ spec }, { finished }) =>
    spec.runs.outcomes.includes(finished.outcome)
      ? undefined
      : `the run ended as ${finished.outcome} and spec.runs.outcomes lists ${spec.runs.outcomes.join(', ')}`,
  ({ spec }, { finished }) =>
    Date.parse(finished.completionTime) >= Date.parse(spec.runs.finishedAfter)
      ? undefined
      : `the run finished at ${finished.completionTime}, before spec.runs.finishedAfter (${spec.runs.finishedAfter})`,
  ({ spec }, { finished }, now) =>
    spec.record.seconds === undefined ||
    Date.parse(finished.completionTime) + spec.record.seconds * 1000 > now.getTime()
      ? undefined
      : `the run finished longer ago than the ${spec.record.seconds} seconds that its record would be kept for (spec.record, else the platform's default)`,
  ({ retiredBefore }, { finished }) =>
    retiredBefore === undefined || Date.parse(finished.completionTime) > Date.parse(retiredBefore)
      ? undefined
      : `records of runs that finished until ${retiredBefore} have retired (status.retiredBefore), and the run finished at ${finished.completionTime}`,
];

/** The reason why `policy` does not select the finished run; undefined when it does. */
export function whyNotSelected(policy: PolicyDefinition, run: SelectableRun, now: Date): string | undefined {
  for (const rule of rules) {
    const why = rule(policy, run, now);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** True when `policy` selects the run, or may select it once it has finished. */
export function maySelect(policy: PolicyDefinition, run: RunSummary, now: Date): boolean {
  if (isFinished(run)) return whyNotSelected(policy, run, now) === undefined;
  return rulesOfAll.every((rule) => rule(policy, run, now) === undefined);
}

/** True when an unfinished run that `policy` does not select may get labels with which it does. */
export function mayComeToSelect(policy: PolicyDefinition, run: RunSummary, now: Date): boolean {
  return !isFinished(run) && fixedRules.every((rule) => rule(policy, run, now) === undefined);
}

export function isFinished(run: RunSummary): run is SelectableRun {
  return run.finished !== undefined;
}
