// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import { gatherPipelines, readable } from '../gather-pipelines.ts';
import { parseRunReference } from '../run-reference.ts';
import { type RunSummary, summariseRun } from '../../tekton/run-summary.ts';

/** The run to explain. */
export interface ExplainedRun {
  /** NAME, taskrun/NAME or pipelinerun/NAME. */
  readonly run: string;
  readonly namespace: string;
  readonly operatorNamespace: string;
}

/** The objects that an explanation needs. */
export interface GatheredExplanation {
  readonly runs: readonly RunSummary[];
  readonly pipelines: Pipelines;
  readonly records: readonly ProvenanceRecord[];
  /** Kinds that could not be read without permission. */
  readonly unread: readonly string[];
}

/** Reads the run, the policies and backends that apply to it, and its records. @throws Error if there is no such run */
export async function gatherExplanation(
  client: KubeClient,
  target: ExplainedRun,
  signal: AbortSignal,
): Promise<GatheredExplanation> {
  const { namespace, operatorNamespace } = target;
  const runs = await readRuns(client, target, signal);
  if (runs.length === 0) {
    throw new Error(`there is no TaskRun or PipelineRun "${target.run}" in namespace "${namespace}"`);
  }
  const { pipelines, unread: unreadKinds } = await gatherPipelines(client, { namespace, operatorNamespace, signal });
  const unread = [...unreadKinds];
  // Ceilings count the records of the other runs, too.
  const isCounted = pipelines.bounds.recordBounds(namespace).length > 0;
  const selection = isCounted ? {} : { fieldSelector: `spec.runRef.name=${parseRunReference(target.run).name}` };
  const listing = client.listAll(hallmarkResource('ProvenanceRecord'), { namespace, ...selection, signal });
  const records = (await readable(listing, 'ProvenanceRecord', unread)).flatMap((object) => {
    const parsed = parseProvenanceRecord(object);
    return parsed.ok ? [parsed.value] : [];
  });
  return { runs, pipelines, records, unread };
}

/** Reads the runs of a name: none, one, or one of each kind. @throws UsageError for a reference that is none */
export async function readRuns(
  client: Pick<KubeClient, 'find'>,
  { run, namespace }: Pick<ExplainedRun, 'run' | 'namespace'>,
  signal: AbortSignal,
): Promise<RunSummary[]> {
  const { kinds, name } = parseRunReference(run);
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const object = await client.find(runResources[kind], { namespace, name }, { signal });
      return object === undefined ? undefined : summariseRun(object);
    }),
  );
  return found.filter((summary) => summary !== undefined);
}
