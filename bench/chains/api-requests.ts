// SPDX-License-Identifier: Apache-2.0
import type { ControlPlane } from '../../e2e/testbed/control-plane/control-plane.ts';

/** Resources that signers use. Housekeeping of the control plane itself does not count. */
const RESOURCES: ReadonlySet<string | undefined> = new Set([
  ...['taskruns', 'pipelineruns', 'provenancerecords', 'signingpolicies', 'storagebackends'],
  ...['secrets', 'serviceaccounts', 'configmaps', 'events'],
]);

/** Number of requests for these resources that the API server has answered; watches do not count. */
export async function apiRequests(plane: ControlPlane): Promise<number> {
  const { stdout } = await plane.kubectl(['get', '--raw', '/metrics']);
  let total = 0;
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue;
    const label = (name: string): string | undefined => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1];
    if (RESOURCES.has(label('resource')) && label('verb') !== 'WATCH') total += Number(line.split(' ').at(-1));
  }
  return total;
}
