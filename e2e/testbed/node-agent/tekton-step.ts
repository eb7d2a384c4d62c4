// SPDX-License-Identifier: Apache-2.0
import type { EntrypointArguments } from './entrypoint-arguments.ts';
import type { Container, Pod } from './pod.ts';
import type { TektonStep } from './tekton-behaviour.ts';

/** Returns true when Tekton's controller made the pod, so that its containers are steps. */
export function isTektonPod(pod: Pod): boolean {
  const { labels = {} } = pod.metadata;
  return labels['tekton.dev/taskRun'] !== undefined && pod.spec.containers.some(({ name }) => name.startsWith('step-'));
}

export interface StepSource {
  readonly pod: Pod;
  readonly container: Container;
  readonly entrypoint: EntrypointArguments;
  readonly isLast: boolean;
}

/** The facts of a step that a behaviour may use. */
export function tektonStep({ pod, container, entrypoint, isLast }: StepSource): TektonStep {
  const { namespace, name, labels = {}, annotations = {} } = pod.metadata;
  return {
    namespace,
    pod: name,
    taskRun: labels['tekton.dev/taskRun'] ?? '',
    pipelineRun: labels['tekton.dev/pipelineRun'] ?? '',
    taskName: labels['tekton.dev/task'] ?? labels['tekton.dev/pipelineTask'] ?? '',
    stepName: container.name.replace(/^step-/, ''),
    isLast,
    image: container.image,
    command: entrypoint.command,
    results: entrypoint.results,
    stepResults: entrypoint.stepResults,
    annotations,
    labels,
  };
}
