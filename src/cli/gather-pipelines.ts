// SPDX-License-Identifier: Apache-2.0
import type { KindName } from '../api/v1alpha1/kinds.ts';
import { NAMESPACES } from '../kube/core-resources.ts';
import { hallmarkResource } from '../kube/hallmark-resource.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { isForbidden, isNotServed } from '../kube/kube-error.ts';
import { readCeiling } from '../pipelines/ceilings/read-ceiling.ts';
import { Pipelines } from '../pipelines/pipelines.ts';
import { readBackend } from '../pipelines/read-backend.ts';
import { readPolicy } from '../pipelines/read-policy.ts';
import { publishedRetention, withRetentionInForce } from './explain/published-retention.ts';

/** The place whose policies are read. */
export interface PipelinesScope {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
  readonly signal: AbortSignal;
}

/** The policies and backends that the caller may read, compiled as the operator compiles them. */
export interface GatheredPipelines {
  readonly pipelines: Pipelines;
  /** Kinds that could not be read without permission. */
  readonly unread: readonly string[];
}

type Reader = Pick<KubeClient, 'find' | 'listAll'>;

/** Reads namespaces, ceilings, backends and policies. @throws KubeError for failures other than missing permissions */
export async function gatherPipelines(client: Reader, scope: PipelinesScope): Promise<GatheredPipelines> {
  const { namespace, operatorNamespace, signal } = scope;
  const unread: string[] = [];
  const list = async (kind: KindName): Promise<readonly unknown[]> => {
    const resource = hallmarkResource(kind);
    const place = resource.namespaced ? { namespace } : {};
    return readable(client.listAll(resource, { ...place, signal }), kind, unread);
  };
  const pipelines = new Pipelines(operatorNamespace);
  for (const { name, labels } of await readable(namespaces(client, scope), 'Namespace', unread))
    pipelines.setNamespace({ name, labels });
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
  return { pipelines, unread };
}

async function namespaces(client: Reader, { namespace, signal }: PipelinesScope) {
  if (namespace === undefined) return client.listAll(NAMESPACES, { signal });
  const own = await client.find(NAMESPACES, { name: namespace }, { signal });
  return own === undefined ? [] : [own];
}

/** The definitions of an earlier version have no ceilings. */
function noneIfNotServed(error: unknown): readonly unknown[] {
  if (!isNotServed(error)) throw error;
  return [];
}

/** Reads a list, or notes that the caller may not. */
export async function readable<T>(read: Promise<readonly T[]>, what: string, unread: string[]): Promise<readonly T[]> {
  try {
    return await read;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    unread.push(what);
    return [];
  }
}
