// SPDX-License-Identifier: Apache-2.0
import type { BackendRef } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { summariseRun } from '../../../tekton/run-summary.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { runResources } from '../../../kube/tekton-resources.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import { rebinding, type RunLabels } from './rebinding.ts';
import type { BoundBackend } from '../state/record-snapshot.ts';
import { runKey } from '../../../tekton/run-key.ts';

/** The new backends of a record; undefined leaves it as it is bound. Reads its run where backends select by the labels of runs. */
export async function gatherRebinding(
  context: Pick<ControllerContext, 'client' | 'pipelines' | 'runs'>,
  record: TrustedRecord,
  backends: readonly BoundBackend[],
  signal: AbortSignal,
): Promise<readonly BackendRef[] | undefined> {
  const pipeline = context.pipelines.pipeline(record.object.metadata.namespace, record.policy);
  if (pipeline === undefined) return undefined;
  const bound = backends.filter(({ isBackfill }) => isBackfill !== true);
  const refs = rebinding({ record, pipeline, bound }, 'Unread');
  if (refs !== 'Unread') return refs;
  const labelled = rebinding({ record, pipeline, bound }, await runLabels(context, record, signal));
  return labelled === 'Unread' ? undefined : labelled;
}

/** The labels of a deleted run are unknown: only backends that take every run match. */
async function runLabels(
  { client, runs }: Pick<ControllerContext, 'client' | 'runs'>,
  { object: { metadata, spec } }: TrustedRecord,
  signal: AbortSignal,
): Promise<Exclude<RunLabels, 'Unread'>> {
  const { kind, name, uid } = spec.runRef;
  if (runs.has(runKey({ ...spec.runRef, namespace: metadata.namespace })) === false) return {};
  const run = summariseRun(await client.find(runResources[kind], { namespace: metadata.namespace, name }, { signal }));
  return run?.uid === uid ? run.labels : {};
}
