// SPDX-License-Identifier: Apache-2.0
/** Runs of a given size, as a cluster holds them, to measure with. */
const image = (digit: string): string => `registry.example/tools/image@sha256:${digit.repeat(64)}`;

/** A finished TaskRun of about 8 kB of JSON: three steps, parameters, results, managed fields. */
export function benchTaskRun(name: string, pipelineRun?: { readonly name: string; readonly uid: string }): object {
  const steps = ['prepare', 'build', 'push'].map((step) => ({
    name: step,
    image: 'registry.example/tools/image:1',
    script: `#!/bin/sh\nset -eu\n${`echo "${step} of <$(params.revision)> && more" >> "$HOME/log"\n`.repeat(14)}`,
    env: [{ name: 'HOME', value: '/workspace' }],
    computeResources: { requests: { cpu: '500m', memory: '1024Mi' } },
  }));
  const params = [
    { name: 'CHAINS-GIT_URL', value: 'https://git.example/team/app' },
    { name: 'CHAINS-GIT_COMMIT', value: 'a'.repeat(40) },
    { name: 'revision', value: 'main' },
    { name: 'flags', value: ['--one', '--two'] },
  ];
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: {
      name,
      namespace: 'bench',
      uid: `uid-${name}`,
      creationTimestamp: '2025-03-01T10:00:00Z',
      labels: { app: 'bench', 'tekton.dev/pipelineTask': name },
      annotations: { 'example.dev/note': 'n'.repeat(200) },
      managedFields: [{ manager: 'controller', fieldsV1: { 'f:metadata': { 'f:labels': { '.': {} } } } }],
      ownerReferences:
        pipelineRun === undefined
          ? []
          : [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', ...pipelineRun, controller: true }],
    },
    spec: { params, serviceAccountName: 'builder', taskSpec: { steps }, timeout: '60m' },
    status: {
      startTime: '2025-03-01T10:00:00Z',
      completionTime: '2025-03-01T10:05:00Z',
      podName: `${name}-pod`,
      conditions: [
        { type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: '2025-03-01T10:05:00Z' },
      ],
      taskSpec: { params: [{ name: 'revision', type: 'string', default: 'main' }], steps },
      steps: steps.map((step, index) => ({
        name: step.name,
        container: `step-${step.name}`,
        imageID: image(String(index)),
      })),
      results: [
        { name: 'IMAGE_URL', type: 'string', value: `registry.example/team/${name}` },
        { name: 'IMAGE_DIGEST', type: 'string', value: `sha256:${'3'.repeat(64)}` },
        { name: 'summary', type: 'string', value: 's'.repeat(300) },
      ],
    },
  };
}

/** A finished PipelineRun with that many TaskRuns of 8 kB. */
export function benchPipelineRun(count: number): { readonly run: object; readonly children: readonly object[] } {
  const identity = { name: 'ship', uid: 'uid-ship' };
  const names = Array.from({ length: count }, (_, index) => `task-${index}`);
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { ...identity, namespace: 'bench' },
    spec: { params: [], taskRunTemplate: { serviceAccountName: 'builder' } },
    status: {
      startTime: '2025-03-01T10:00:00Z',
      completionTime: '2025-03-01T11:00:00Z',
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }],
      pipelineSpec: { tasks: names.map((name) => ({ name, taskRef: { name: 'build' } })) },
      childReferences: names.map((name) => ({ kind: 'TaskRun', name, pipelineTaskName: name })),
    },
  };
  return { run, children: names.map((name) => benchTaskRun(name, identity)) };
}
