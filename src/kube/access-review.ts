// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import type { KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import type { Resource } from './resource.ts';

/** Any client may ask this about itself: the built-in role `system:basic-user` allows it. */
const SELF_REVIEWS: Resource<unknown> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
  parse: (object) => object,
};

/** Something that this process may do, or not. */
export interface Access {
  readonly verb: 'patch';
  readonly resource: Pick<Resource<unknown>, 'group' | 'plural'>;
  /** Empty for all. */
  readonly namespace: string;
}

/**
 * Asks the API server whether this process may do something.
 *
 * @returns undefined when it does not say
 */
export async function isAllowed(
  client: Pick<KubeClient, 'create'>,
  { verb, resource: { group, plural }, namespace }: Access,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const resourceAttributes = { verb, group, resource: plural, ...(namespace === '' ? {} : { namespace }) };
  const review = { metadata: { name: '' }, spec: { resourceAttributes } };
  try {
    const answer = await client.create(SELF_REVIEWS, review, { signal });
    const allowed = field(field(answer, 'status'), 'allowed');
    return typeof allowed === 'boolean' ? allowed : undefined;
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
