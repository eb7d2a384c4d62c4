// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../src/api/v1alpha1/kinds.ts';
import { runResources } from '../../src/kube/tekton-resources.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { type Manifest, asManifest } from '../../e2e/chart/helm.ts';
import { childMetadata, childReference, ManagedRuns, type RunningTeam } from '../../e2e/resilience/managed-runs.ts';
import { makeAll } from '../make-all.ts';
import { STEP_SCRIPT } from '../measured-processes.ts';

/** Tasks of each PipelineRun. */
const TASKS = 10;
const signal = new AbortController().signal;

/**
 * Makes finished runs of 8 kB by writing their status, each of which says that it built an image of its own, spread over the teams.
 * @returns the size of one run, in bytes of JSON
 */
export async function makeFinishedRuns(
  client: KubeClient,
  { shape, count, teams }: { readonly shape: RunKind; readonly count: number; readonly teams: readonly RunningTeam[] },
): Promise<number> {
  let bytes = 0;
  await makeAll(count, async (index) => {
    const team = teams[index % teams.length];
    if (team === undefined) throw new Error('there are no teams');
    bytes = await (shape === 'TaskRun' ? taskRun(client, team, index) : pipelineRun(client, team, index));
  });
  return bytes;
}

async function taskRun(client: KubeClient, team: RunningTeam, index: number): Promise<number> {
  const image = await team.registry.pushImage(`${team.name}/app`, `run-${index}`);
  const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', script: STEP_SCRIPT }] };
  const spec = { serviceAccountName: 'builder', taskSpec };
  const metadata = { name: `run-${index}`, namespace: team.name, labels: team.releaseLabel };
  const object = { metadata, spec };
  const created = await client.create(runResources.TaskRun, object, { signal });
  const runs = new ManagedRuns(client, team);
  return sizeOf(await runs.finish(asManifest(created), { results: runs.imageResults(image) }));
}

async function pipelineRun(client: KubeClient, team: RunningTeam, index: number): Promise<number> {
  const image = await team.registry.pushImage(`${team.name}/app`, `run-${index}`);
  const runs = new ManagedRuns(client, team);
  const name = `run-${index}`;
  const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', command: ['bake'] }] };
  const tasks = Array.from({ length: TASKS }, (_, task) => ({ name: `task-${task}`, taskSpec }));
  const pipelineSpec = { tasks };
  const metadata = { name, namespace: team.name, labels: team.releaseLabel };
  const spec = { taskRunTemplate: { serviceAccountName: 'builder' }, pipelineSpec };
  const run = { metadata, spec };
  const created = asManifest(await client.create(runResources.PipelineRun, run, { signal }));
  for (const task of tasks) {
    const object = {
      metadata: childMetadata(created, task.name),
      spec: { serviceAccountName: 'builder', taskSpec },
    };
    await runs.finish(asManifest(await client.create(runResources.TaskRun, object, { signal })), {});
  }
  const childReferences = tasks.map((task) => childReference(created, task.name));
  const status = { childReferences, pipelineSpec };
  return sizeOf(await runs.finish(created, { results: runs.imageResults(image), status }));
}

function sizeOf(run: Manifest): number {
  return JSON.stringify(run).length;
}
