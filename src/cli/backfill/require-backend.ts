// SPDX-License-Identifier: Apache-2.0
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isMissing } from '../is-missing.ts';
import type { BackfillTarget } from './backfill-records.ts';

/**
 * Refuses a backend that does not exist: records would wait for it until the time is over. Where the caller may not read it, or asks for
 * every namespace, records say what is wrong. @throws Error
 */
export async function requireBackend(
  client: Pick<KubeClient, 'find'>,
  { kind, name }: BackfillTarget,
  { namespace, signal }: { readonly namespace: string | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const resource = hallmarkResource(kind);
  if (resource.namespaced && namespace === undefined) return;
  const place = resource.namespaced ? { namespace, name } : { name };
  if (await isMissing(client, resource, { ...place, signal }))
    throw new Error(`there is no ${kind} ${name}${resource.namespaced ? ` in namespace ${namespace}` : ''}`);
}
