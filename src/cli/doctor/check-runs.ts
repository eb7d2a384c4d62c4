// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { listField, objectField } from '../../json/fields.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isForbidden, isNotServed } from '../../kube/kube-error.ts';
import { parseMetadata } from '../../kube/object-metadata.ts';
import { metadataOnly, objectKey } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { type Check, checkOf } from './check.ts';
import type { KindsScope } from './check-kinds.ts';

const check = checkOf('runs');
/** The finalizers that keep runs, and who takes each off. */
const owners: ReadonlyMap<unknown, string> = new Map([
  [DELETION_GUARD, 'Hallmark keeps it until it is stored; without an operator, use "hallmark release-runs"'],
  ['chains.tekton.dev', 'Tekton Chains keeps it; once Chains is removed, take the finalizer off'],
]);
const MAX_NAMED = 5;

interface MarkedRun {
  readonly key: string;
  readonly isDeleted: boolean;
  readonly finalizers: readonly unknown[];
}

function parseMarked(object: unknown): MarkedRun {
  const metadata = objectField(object, 'metadata');
  return {
    key: objectKey(parseMetadata(object)),
    isDeleted: metadata['deletionTimestamp'] !== undefined,
    finalizers: listField(metadata, 'finalizers'),
  };
}

/** Looks for deleted runs that a finalizer still keeps. */
export async function checkRuns(client: Pick<KubeClient, 'list'>, scope: KindsScope): Promise<readonly Check[]> {
  const perKind = (['TaskRun', 'PipelineRun'] as const).map((kind) => checkKind(client, kind, scope));
  return (await Promise.all(perKind)).flat();
}

async function checkKind(
  client: Pick<KubeClient, 'list'>,
  kind: RunKind,
  { namespace, signal }: KindsScope,
): Promise<readonly Check[]> {
  const resource = metadataOnly(runResources[kind], parseMarked);
  const kept = new Map<unknown, string[]>();
  try {
    for await (const { key, isDeleted, finalizers } of client.list(resource, { namespace, pageSize: 500, signal })) {
      const known = isDeleted ? finalizers.filter((finalizer) => owners.has(finalizer)) : [];
      for (const finalizer of known) kept.set(finalizer, [...(kept.get(finalizer) ?? []), key]);
    }
  } catch (error) {
    // The check of kinds says so.
    if (isForbidden(error) || isNotServed(error)) return [];
    throw error;
  }
  if (kept.size === 0) return [check(`deleted ${kind}s`, 'OK', 'no finalizer keeps one')];
  return [...kept].map(([finalizer, keys]) => {
    const more = keys.length > MAX_NAMED ? ` and ${keys.length - MAX_NAMED} more` : '';
    const named = `${keys.slice(0, MAX_NAMED).join(', ')}${more}`;
    return check(`deleted ${kind}s`, 'Warning', `${String(finalizer)} keeps ${named}: ${owners.get(finalizer) ?? ''}`);
  });
}
