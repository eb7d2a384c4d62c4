// SPDX-License-Identifier: Apache-2.0
import { warning } from '../../api/v1alpha1/warning.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { imageHints } from '../../tekton/hints/image-hints.ts';
import { buildArtifacts } from '../../tekton/hints/object-hints.ts';
import { quoted } from '../../tekton/quoted.ts';
import type { StepState, TaskRun } from '../../tekton/run.ts';
import { executedTaskRuns } from '../executed-tasks.ts';
import { ignoredGitInputs, ignoredObjectInputs } from './ignored-inputs.ts';
import { ignoredOutputs } from './ignored-outputs.ts';
import { ignoredNativeArtifacts } from '../native-artifacts.ts';
import { readsSteps } from '../signed-images.ts';
import type { FormatName } from '../statement.ts';

export interface AnnouncementScope {
  readonly format: FormatName | 'None';
  readonly deepInspection: boolean;
}

/**
 * Warn about announcements in results, parameters and native artifacts that the evidence leaves out or cannot place.
 * Subjects come first. Only places that the format reads count: TaskRuns of a PipelineRun only under deep inspection.
 */
export function announcementWarnings(run: FinishedRun, scope: AnnouncementScope): readonly string[] {
  const { object } = run;
  const taskRuns = object.kind === 'TaskRun' ? [object] : scope.deepInspection ? executedTaskRuns(run) : [];
  const own = object.kind === 'PipelineRun' ? `PipelineRun ${object.name}` : undefined;
  const subjects = [
    ...(own === undefined ? [] : ignoredOutputs(object.results, own)),
    ...taskRuns.flatMap((taskRun) => outputsOfTask(taskRun, scope)),
  ];
  if (scope.format === 'None') return subjects;
  const inputs = taskRuns.flatMap((taskRun) => inputsOfTask(taskRun, scope));
  if (own === undefined) return [...subjects, ...inputs];
  const sources = [object.paramDefaults, object.params, object.results];
  const ownInputs = [...ignoredObjectInputs(object.results, own), ...ignoredGitInputs('PipelineRun', sources, own)];
  return [...subjects, ...ownInputs, ...inputs];
}

function outputsOfTask(run: TaskRun, scope: AnnouncementScope): readonly string[] {
  return [
    ...ignoredOutputs(run.results, `TaskRun ${run.name}`),
    ...run.steps.flatMap((step) =>
      readsSteps(scope.format) ? ignoredOutputs(step.results, stepOf(step, run)) : unreadStep(step, run, scope),
    ),
    ...ignoredNativeArtifacts('ArtifactIgnored', run),
  ];
}

function inputsOfTask(run: TaskRun, scope: AnnouncementScope): readonly string[] {
  const source = `TaskRun ${run.name}`;
  const ofSteps = run.steps.flatMap((step) => [
    ...ignoredGitInputs('TaskRun', [step.results], stepOf(step, run)),
    ...ignoredObjectInputs(step.results, stepOf(step, run)),
  ]);
  return [
    ...ignoredGitInputs('TaskRun', [run.paramDefaults, run.params, run.results], source),
    ...ignoredObjectInputs(run.results, source),
    ...(readsSteps(scope.format) ? ofSteps : []),
    ...ignoredNativeArtifacts('InputIgnored', run),
  ];
}

/** The older formats ignore results of steps unless the task repeats them. */
function unreadStep(step: StepState, run: TaskRun, { format }: AnnouncementScope): readonly string[] {
  const stated = new Set(imageHints(run.results).map(({ fullName }) => fullName));
  const artifacts = new Set(buildArtifacts(run.results).map(({ uri }) => uri));
  const lost = [
    ...imageHints(step.results)
      .filter(({ fullName }) => !stated.has(fullName))
      .map(({ fullName }) => fullName),
    ...buildArtifacts(step.results)
      .map(({ uri }) => uri)
      .filter((uri) => !artifacts.has(uri)),
  ];
  const remedy = `the format ${format} does not read results of steps: use slsa/v2alpha4, or make this a result of the task`;
  return lost.map((name) => warning('HintIgnored', `${stepOf(step, run)} announces ${quoted(name)}: ${remedy}`));
}

function stepOf({ name }: StepState, run: TaskRun): string {
  return `step ${quoted(name)} of TaskRun ${run.name}`;
}
