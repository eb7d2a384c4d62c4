// SPDX-License-Identifier: Apache-2.0
import type { KubeClient } from '../kube/kube-client.ts';
import { isForbidden } from '../kube/kube-error.ts';
import type { Resource } from '../kube/resource.ts';

/** True for an object that does not exist. One that the caller may not get is taken on trust. @throws KubeError if the API server fails */
export async function isMissing(
  client: Pick<KubeClient, 'find'>,
  resource: Resource<unknown>,
  {
    signal,
    ...place
  }: { readonly namespace?: string | undefined; readonly name: string; readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    return (await client.find(resource, place, { signal })) === undefined;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}
