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
  const { account, operatorNamespace, namespace, signal } = scope;
  const where = namespace === undefined ? 'in every namespace' : `in namespace ${namespace}`;
  if (account === undefined)
    return check('the operator', 'Unseen', `its ServiceAccount in ${operatorNamespace} cannot be read`);
  const user = `system:serviceaccount:${operatorNamespace}:${account}`;
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
    if (answer === undefined)
      return check('the operator', 'Unseen', 'you may not ask for the rights of others (subjectaccessreviews)');
    if (field(objectField(answer, 'status'), 'allowed') !== true) lacking.push(`${verb} ${resource}`);
  }
  return lacking.length === 0
    ? check('the operator', 'OK', `${account} may read runs and write records ${where}`)
    : check(
        'the operator',
        'Failed',
        `${account} may not ${lacking.join(', ')} ${where}: install the RBAC of this version`,
      );
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
