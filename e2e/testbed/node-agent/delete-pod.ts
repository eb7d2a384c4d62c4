// SPDX-License-Identifier: Apache-2.0
import { ApiError } from './api-client.ts';
import type { NodeContext } from './node-context.ts';
import { podTitle, type Pod } from './pod.ts';

/** The last word on a pod that was being deleted: nothing of it runs any more. Never rejects. */
export async function deletePod({ client, log }: NodeContext, pod: Pod, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  try {
    await client.insist({
      method: 'DELETE',
      path: `/api/v1/namespaces/${namespace}/pods/${name}`,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } },
      signal,
    });
  } catch (error) {
    const gone = error instanceof ApiError && (error.status === 404 || error.status === 409);
    if (!gone && !signal.aborted) log(`deleting ${podTitle(pod)}: ${String(error)}`);
  }
}
