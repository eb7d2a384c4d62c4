// SPDX-License-Identifier: Apache-2.0
import { GROUP, VERSION } from '../../api/v1alpha1/group-version.ts';
import { type KindName, kinds } from '../../api/v1alpha1/kinds.ts';
import { field, listField, objectField, stringField } from '../../json/fields.ts';
import { DEFINITIONS } from '../../kube/cluster-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isForbidden, isNotServed } from '../../kube/kube-error.ts';
import type { Resource } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { type Check, checkOf, seen } from './check.ts';

const check = checkOf('kinds');

export interface KindsScope {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
}

/** Judges each kind: served, in the version of this command, and readable for the caller. */
export async function checkKinds(
  client: Pick<KubeClient, 'pages' | 'find'>,
  scope: KindsScope,
): Promise<readonly Check[]> {
  const all: readonly (readonly [Resource<unknown>, KindName | undefined])[] = [
    [runResources.TaskRun, undefined],
    [runResources.PipelineRun, undefined],
    ...kindNames().map((kind) => [hallmarkResource(kind), kind] as const),
  ];
  return Promise.all(all.map(([resource, own]) => checkKind(client, resource, own, scope)));
}

function kindNames(): readonly KindName[] {
  return [
    'SigningPolicy',
    'ClusterSigningPolicy',
    'StorageBackend',
    'ClusterStorageBackend',
    'PolicyCeiling',
    'ProvenanceRecord',
  ];
}

async function checkKind(
  client: Pick<KubeClient, 'pages' | 'find'>,
  resource: Resource<unknown>,
  own: KindName | undefined,
  { namespace, signal }: KindsScope,
): Promise<Check> {
  const place = resource.namespaced ? { namespace } : {};
  try {
    // One object is enough to learn whether the list may be read.
    await client.pages(resource, { ...place, pageSize: 1, signal }).next();
  } catch (error) {
    if (isNotServed(error)) {
      const remedy = own === undefined ? 'install Tekton Pipelines' : 'apply the CRDs of this version (crds/)';
      return check(resource.kind, 'Failed', `the cluster does not serve ${resource.kind}: ${remedy}`);
    }
    if (!isForbidden(error)) throw error;
    return check(
      resource.kind,
      'Unseen',
      `you may not list ${resource.plural}${namespace === undefined ? ' in every namespace' : ''}`,
    );
  }
  if (own === undefined) return check(resource.kind, 'OK', 'is served, and you may read it');
  const name = `${kinds[own].plural}.${GROUP}`;
  const definition = await seen(client.find(DEFINITIONS, { name }, { signal }));
  return definition === undefined
    ? check(own, 'OK', `is served as ${VERSION}, and you may read it`)
    : check(own, ...definitionState(definition));
}

/** The definition serves and stores the version of this command. */
export function definitionState(definition: unknown): readonly ['OK' | 'Warning' | 'Failed', string] {
  const versions = listField(objectField(definition, 'spec'), 'versions');
  const served = versions
    .filter((version) => field(version, 'served') === true)
    .map((version) => String(field(version, 'name')));
  if (!served.includes(VERSION)) {
    return [
      'Failed',
      `its definition serves ${served.join(', ')} and not ${VERSION}: apply the CRDs of this version (crds/)`,
    ];
  }
  const conditions = listField(objectField(definition, 'status'), 'conditions');
  const bad = conditions.find(
    (condition) =>
      ['Established', 'NamesAccepted'].includes(stringField(condition, 'type') ?? '') &&
      stringField(condition, 'status') !== 'True',
  );
  if (bad !== undefined)
    return ['Failed', `its definition is not ${stringField(bad, 'type') ?? ''}: ${stringField(bad, 'message') ?? ''}`];
  return ['OK', `is served as ${served.join(', ')}, and you may read it`];
}
