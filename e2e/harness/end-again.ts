// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../src/api/v1alpha1/fields/date-time.ts';
import type { Cluster } from './cluster.ts';

/** Has a finished PipelineRun end now, so that a deadline counted from its end begins now, however long the test took to get here. */
export async function endAgain(cluster: Cluster, namespace: string, name: string): Promise<void> {
  const patch = JSON.stringify({ status: { completionTime: rfc3339Seconds(new Date()) } });
  await cluster.kubectl([
    ...['patch', 'pipelinerun', name, '-n', namespace],
    ...['--subresource=status', '--type=merge', '-p', patch],
  ]);
}
