// SPDX-License-Identifier: Apache-2.0
import { field, objectField } from '../../json/fields.ts';
import { ACCESS_REVIEWS, ADMISSION_BINDINGS } from '../../kube/cluster-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { parseMetadata } from '../../kube/object-metadata.ts';
import { type Check, checkOf, seen } from './check.ts';

const check = checkOf('rights');

export interface RightsScope {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
  /** The operator's ServiceAccount; undefined where it is not known. */
  readonly account: string | undefined;
  /** The namespaces that the operator watches; empty for all. */
  readonly watched: readonly string[];
  readonly signal: AbortSignal;
}

/** The rights without which the operator signs nothing in a namespace. */
const needed: readonly (readonly [verb: string, group: string, resource: string])[] = [
  ['watch', 'tekton.dev', 'taskruns'],
  ['watch', 'tekton.dev', 'pipelineruns'],
  ['watch', 'hallmark.dev', 'signingpolicies'],
  ['watch', 'hallmark.dev', 'storagebackends'],
  ['create', 'hallmark.dev', 'provenancerecords'],
  ['update', 'hallmark.dev', 'provenancerecords/status'],
  ['get', '', 'secrets'],
];

/** Judges the rights of the operator, and the admission policy that keeps others from writing records. */
export async function checkRights(
  client: Pick<KubeClient, 'create' | 'listAll'>,
  scope: RightsScope,
): Promise<readonly Check[]> {
  return [await operatorRights(client, scope), await admission(client, scope)];
}

async function operatorRights(client: Pick<KubeClient, 'create'>, scope: RightsScope): Promise<Check> {
  const { account, operatorNamespace, namespace, watched } = scope;
  if (namespace !== undefined && watched.length > 0 && !watched.includes(namespace)) {
    const message = `it does not watch ${namespace}, so nothing is signed there: add it to watchNamespaces of the chart`;
    return check('the operator', 'Failed', message);
  }
  if (account === undefined)
    return check('the operator', 'Unseen', `its ServiceAccount in ${operatorNamespace} cannot be read`);
  // Without a namespace, the question is about every one, which an operator of some namespaces need not be allowed.
  const places = namespace === undefined && watched.length > 0 ? watched : [namespace];
  for (const place of places) {
    const lacking = await rightsLacking(client, { ...scope, account, namespace: place });
    if (lacking === undefined)
      return check('the operator', 'Unseen', 'you may not ask for the rights of others (subjectaccessreviews)');
    const where = place === undefined ? 'in every namespace' : `in namespace ${place}`;
    if (lacking.length > 0) {
      const message = `${account} may not ${lacking.join(', ')} ${where}: install the RBAC of this version`;
      return check('the operator', 'Failed', message);
    }
  }
  return check('the operator', 'OK', `${account} may read runs and write records ${namesOf(places)}`);
}

function namesOf(places: readonly (string | undefined)[]): string {
  const names = places.filter((place) => place !== undefined);
  if (names.length === 0) return 'in every namespace';
  return `in ${names.length === 1 ? 'namespace' : 'namespaces'} ${names.join(', ')}`;
}

/** The rights that the operator lacks in a namespace, or in all; undefined where the caller may not ask. */
async function rightsLacking(
  client: Pick<KubeClient, 'create'>,
  { account, operatorNamespace, namespace, signal }: RightsScope,
): Promise<readonly string[] | undefined> {
  const user = `system:serviceaccount:${operatorNamespace}:${account ?? ''}`;
  const lacking: string[] = [];
  for (const [verb, group, resource] of needed) {
    const [plural = '', subresource] = resource.split('/');
    const resourceAttributes = {
      verb,
      group,
      resource: plural,
      ...(subresource && { subresource }),
      ...(namespace && { namespace }),
    };
    // A review must have no name.
    const review = { metadata: { name: '' }, spec: { user, resourceAttributes } };
    const answer = await seen(client.create(ACCESS_REVIEWS, review, { signal }));
    if (answer === undefined) return undefined;
    if (field(objectField(answer, 'status'), 'allowed') !== true) lacking.push(`${verb} ${resource}`);
  }
  return lacking;
}

async function admission(
  client: Pick<KubeClient, 'listAll'>,
  { operatorNamespace, signal }: RightsScope,
): Promise<Check> {
  const subject = 'admission policy';
  const bindings = await seen(client.listAll(ADMISSION_BINDINGS, { signal }));
  if (bindings === undefined) return check(subject, 'Unseen', 'you may not list admission policies');
  const names = bindings.map((binding) => parseMetadata(binding).name);
  const isThere = names.some((name) => name.startsWith(`${operatorNamespace}-`) && name.endsWith('-records'));
  return isThere
    ? check(subject, 'OK', 'only the operator may write records')
    : check(subject, 'Warning', 'nothing keeps others from writing records: set admissionPolicy.enabled of the chart');
}
