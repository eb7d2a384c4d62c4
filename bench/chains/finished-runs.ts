// SPDX-License-Identifier: Apache-2.0
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { at, type Manifest, asManifest } from '../../e2e/chart/helm.ts';
import type { PushedImage } from '../../e2e/testbed/registry/push-image.ts';
import type { Registry } from '../../e2e/testbed/registry/registry.ts';
import { STEP_SCRIPT } from '../measured-processes.ts';

export type Shape = 'TaskRun' | 'PipelineRun';

/** Tasks of each PipelineRun. */
const TASKS = 10;
/** Clients that make the runs. */
const MAKERS = 8;
const signal = new AbortController().signal;

interface Place {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly registry: Registry;
}

/**
 * Makes finished runs of 8 kB by writing their status, each of which says that it built an image of its own, spread over the places.
 * @returns the size of one run, in bytes of JSON
 */
export async function makeFinishedRuns(
  client: KubeClient,
  { shape, count, places }: { readonly shape: Shape; readonly count: number; readonly places: readonly Place[] },
): Promise<number> {
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  let bytes = 0;
  const make = async (): Promise<void> => {
    for (const index of indexes) {
      const place = places[index % places.length];
      if (place === undefined) throw new Error('there is no place for runs');
      bytes = await (shape === 'TaskRun' ? taskRun(client, place, index) : pipelineRun(client, place, index));
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, make));
  return bytes;
}

async function taskRun(client: KubeClient, place: Place, index: number): Promise<number> {
  const image = await place.registry.pushImage(`${place.namespace}/app`, `run-${index}`);
  const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', script: STEP_SCRIPT }] };
  const spec = { serviceAccountName: 'builder', taskSpec };
  const metadata = { name: `run-${index}`, namespace: place.namespace, labels: place.labels };
  const object = { metadata, spec };
  const created = await client.create(runResources.TaskRun, object, { signal });
  return finish(client, 'TaskRun', asManifest(created), { podName: '', results: results(place, image), taskSpec });
}

async function pipelineRun(client: KubeClient, place: Place, index: number): Promise<number> {
  const image = await place.registry.pushImage(`${place.namespace}/app`, `run-${index}`);
  const name = `run-${index}`;
  const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', command: ['bake'] }] };
  const tasks = Array.from({ length: TASKS }, (_, task) => ({ name: `task-${task}`, taskSpec }));
  const pipelineSpec = { tasks };
  const metadata = { name, namespace: place.namespace, labels: place.labels };
  const spec = { taskRunTemplate: { serviceAccountName: 'builder' }, pipelineSpec };
  const run = { metadata, spec };
  const created = asManifest(await client.create(runResources.PipelineRun, run, { signal }));
  const owner = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name, uid: String(at(created, 'metadata', 'uid')) };
  for (const task of tasks) {
    const child = {
      name: `${name}-${task.name}`,
      namespace: place.namespace,
      labels: { 'tekton.dev/pipelineRun': name, 'tekton.dev/pipelineTask': task.name },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    };
    const object = { metadata: child, spec: { serviceAccountName: 'builder', taskSpec } };
    const created = await client.create(runResources.TaskRun, object, { signal });
    await finish(client, 'TaskRun', asManifest(created), { podName: '', taskSpec });
  }
  const childReferences = tasks.map((task) => ({
    ...{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: `${name}-${task.name}`, pipelineTaskName: task.name },
  }));
  return finish(client, 'PipelineRun', created, { childReferences, pipelineSpec, results: results(place, image) });
}

function results({ namespace, registry }: Place, { digest }: PushedImage): readonly object[] {
  return [
    { name: 'IMAGE_URL', type: 'string', value: `${registry.host}/${namespace}/app` },
    { name: 'IMAGE_DIGEST', type: 'string', value: digest },
  ];
}

async function finish(client: KubeClient, shape: Shape, run: Manifest, status: object): Promise<number> {
  const now = new Date().toISOString().replace(/\.\d{3}Z$/, 'Z');
  const conditions = [{ type: 'Succeeded', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: now }];
  const { name, namespace, resourceVersion } = asManifest(run['metadata']);
  const metadata = { name: String(name), namespace: String(namespace), resourceVersion: String(resourceVersion) };
  const object = {
    metadata,
    spec: run['spec'],
    status: { conditions, startTime: now, completionTime: now, ...status },
  };
  const finished = await client.replaceStatus(runResources[shape], object, { signal });
  return JSON.stringify(finished).length;
}
