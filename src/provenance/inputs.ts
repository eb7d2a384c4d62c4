// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../tekton/finished-run.ts';
import { pipelineGitSource, taskGitSource } from '../tekton/hints/git-hints.ts';
import type { GitSource } from '../tekton/hints/git-hints.ts';
import { artifactInputs } from '../tekton/hints/object-hints.ts';
import type { NamedValue, TaskRun } from '../tekton/run.ts';
import type { DigestEntry } from './digest-entries.ts';
import { executedTaskRuns, nestedRuns } from './executed-tasks.ts';
import { nativeInputs } from './native-artifacts.ts';
import { placeholder } from './redaction/redact-run.ts';

/** List the declared inputs of a TaskRun: the git source, `*ARTIFACT_INPUTS`, native artifacts. */
export function taskInputs(run: TaskRun): readonly DigestEntry[] {
  return [
    ...gitEntry(taskGitSource(run.paramDefaults, run.params, run.results)),
    ...objectEntries(run.results),
    ...nativeInputs(run),
  ];
}

/** List the declared inputs of a TaskRun's steps: the git source of each step, then all `*ARTIFACT_INPUTS`. */
export function stepInputs(run: TaskRun): readonly DigestEntry[] {
  return [
    ...run.steps.flatMap((step) => gitEntry(taskGitSource(step.results))),
    ...objectEntries(run.steps.flatMap((step) => step.results)),
  ];
}

/** List the declared inputs of a PipelineRun and, under deep inspection, of its TaskRuns. */
export function pipelineInputs(run: FinishedRun, deepInspection: boolean): readonly DigestEntry[] {
  const children = deepInspection ? executedTaskRuns(run).flatMap(taskInputs) : [];
  const nested = deepInspection ? nestedRuns(run).flatMap((inner) => pipelineInputs(inner, false)) : [];
  const { paramDefaults, params, results } = run.object;
  const git = pipelineGitSource(paramDefaults, params, results);
  return [...objectEntries(results), ...children, ...nested, ...gitEntry(git)];
}

function gitEntry(source: GitSource | undefined): readonly DigestEntry[] {
  if (source === undefined || source.uri.includes(placeholder) || source.commit.includes(placeholder)) return [];
  return [{ name: source.uri, digest: { sha1: source.commit } }];
}

function objectEntries(results: readonly NamedValue[]): readonly DigestEntry[] {
  return artifactInputs(results).map(({ uri, digest }) => ({
    name: uri,
    digest: Object.fromEntries([[digest.algorithm, digest.hex]]),
  }));
}
