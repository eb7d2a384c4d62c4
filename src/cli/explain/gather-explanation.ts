// SPDX-License-Identifier: Apache-2.0
import type { KindName } from '../../api/v1alpha1/kinds.ts';
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { NAMESPACES } from '../../kube/core-resources.ts';
import { isForbidden, isNotServed } from '../../kube/kube-error.ts';
import { readCeiling } from '../../pipelines/ceilings/read-ceiling.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import { publishedRetention, withRetentionInForce } from './published-retention.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
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
  const unread: string[] = [];
  const list = async (kind: KindName, fieldSelector?: string): Promise<readonly unknown[]> => {
    const resource = hallmarkResource(kind);
    const scope = resource.namespaced ? { namespace } : {};
    return readable(client.listAll(resource, { ...scope, fieldSelector, signal }), kind, unread);
  };
  const pipelines = new Pipelines(operatorNamespace);
  const own = client.find(NAMESPACES, { name: namespace }, { signal });
  const found = await readable(
    own.then((object) => (object === undefined ? [] : [object])),
    'Namespace',
    unread,
  );
  for (const { labels } of found) pipelines.setNamespace({ name: namespace, labels });
  for (const object of await list('PolicyCeiling').catch(noneIfNotServed)) {
    const ceiling = readCeiling(object);
    if (ceiling !== undefined) pipelines.setCeiling(ceiling);
  }
  for (const kind of ['StorageBackend', 'ClusterStorageBackend'] as const) {
    for (const object of await list(kind)) {
      const read = readBackend(object, operatorNamespace);
      if (read.ok) pipelines.setBackend(read.backend);
    }
  }
  for (const kind of ['SigningPolicy', 'ClusterSigningPolicy'] as const) {
    for (const object of await list(kind)) {
      const policy = readPolicy(object, operatorNamespace, publishedRetention(object));
      if (policy !== undefined) pipelines.setPolicy(withRetentionInForce(policy));
    }
  }
  const records = (await list('ProvenanceRecord', `spec.runRef.name=${parseRunReference(target.run).name}`)).flatMap(
    (object) => {
      const parsed = parseProvenanceRecord(object);
      return parsed.ok ? [parsed.value] : [];
    },
  );
  return { runs, pipelines, records, unread };
}

/** The definitions of an earlier version have no ceilings. */
function noneIfNotServed(error: unknown): readonly unknown[] {
  if (!isNotServed(error)) throw error;
  return [];
}

async function readRuns(
  client: KubeClient,
  { run, namespace }: ExplainedRun,
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

async function readable<T>(read: Promise<readonly T[]>, what: string, unread: string[]): Promise<readonly T[]> {
  try {
    return await read;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    unread.push(what);
    return [];
  }
}
