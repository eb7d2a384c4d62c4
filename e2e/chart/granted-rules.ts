// SPDX-License-Identifier: Apache-2.0
import type { ChartCluster, Identity } from './chart-cluster.ts';
import { at } from './helm.ts';

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function flatten(rule: unknown): readonly string[] {
  const names = strings(at(rule, 'resourceNames'));
  const suffix = names.length === 0 ? '' : ` named ${names.join(', ')}`;
  return strings(at(rule, 'apiGroups')).flatMap((group) =>
    strings(at(rule, 'resources')).flatMap((resource) =>
      strings(at(rule, 'verbs')).map((verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}${suffix}`),
    ),
  );
}

async function rulesOf(cluster: ChartCluster, as: Identity, namespace: string): Promise<readonly string[]> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const answer = await cluster.create(review, as);
  const rules = at(answer, 'status', 'resourceRules');
  return Array.isArray(rules) ? rules.flatMap((rule) => flatten(rule)) : [];
}

/**
 * Lists everything that an account may do in a namespace according to the API server: `verb resource.group named x`, sorted. Rights of
 * every authenticated account are left out. Cluster-scoped rights count in every namespace.
 */
export async function grantedRules(cluster: ChartCluster, as: Identity, namespace: string): Promise<readonly string[]> {
  const everybody = await rulesOf(cluster, { user: 'system:serviceaccount:default:nobody' }, namespace);
  const granted = await rulesOf(cluster, as, namespace);
  return [...new Set(granted.filter((rule) => !everybody.includes(rule)))].toSorted();
}
