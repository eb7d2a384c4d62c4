// SPDX-License-Identifier: Apache-2.0
import { ApiError } from './api-client.ts';
import type { NodeContext } from './node-context.ts';
import type { Pod } from './pod.ts';

/** Does the scheduler's part: assigns a pod to this node. A pod that is gone or assigned already is left alone. */
export async function bindPod({ client, nodeName }: NodeContext, pod: Pod, signal: AbortSignal): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  try {
    await client.insist({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, uid },
        target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
      },
      signal,
    });
  } catch (error) {
    const settled = error instanceof ApiError && (error.status === 404 || error.status === 409);
    if (!settled) throw error;
  }
}
