// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { ControlPlane } from '../testbed/control-plane/control-plane.ts';

/** Calls to the API server as its administrator: for what tests do a hundred times, which kubectl is too slow for. */
export function adminClient(plane: ControlPlane): KubeClient {
  const kubeconfig = readFileSync(plane.kubeconfigPath, 'utf8');
  const connection = KubeConnection.fromText(kubeconfig, { clock: systemClock });
  return new KubeClient({ connection, clock: systemClock, userAgent: 'hallmark/test' });
}
