// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { ControlPlane } from '../testbed/control-plane/control-plane.ts';

/** Calls to the API server as its administrator: for what tests do a hundred times, which kubectl is too slow for. */
export function adminClient(plane: ControlPlane): KubeClient {
  return clientOf(plane.kubeconfigPath);
}

/** The same as the user of a kubeconfig. */
export function clientOf(kubeconfigPath: string): KubeClient {
  const connection = KubeConnection.fromText(readFileSync(kubeconfigPath, 'utf8'), { clock: systemClock });
  return new KubeClient({ connection, clock: systemClock, userAgent: 'hallmark/test' });
}
