// SPDX-License-Identifier: Apache-2.0
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type ApiClient } from './api-client.ts';
import { kubernetesTime } from './container-state.ts';
import { podAddress } from './pod.ts';

export interface NodeRegistrationOptions {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** The kubelet's own default. */
const leaseSeconds = 40;
const renewalMilliseconds = 10_000;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/**
 * Makes the Node, or takes over the one that is there, and renews its Lease until the signal: a renewed Lease is all that the node
 * lifecycle controller asks for (within 50 s), so the Node itself is written once.
 */
export async function registerNode(options: NodeRegistrationOptions): Promise<void> {
  const { client, nodeName, signal } = options;
  const body = { apiVersion: 'v1', kind: 'Node', metadata: metadata(nodeName), status: status() };
  try {
    await client.insist({ method: 'POST', path: '/api/v1/nodes', body, signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const path = `/api/v1/nodes/${nodeName}/status`;
    await client.insist({
      method: 'PATCH',
      path,
      body: { status: status() },
      contentType: 'application/merge-patch+json',
      signal,
    });
  }
  await renewLease(options);
  // Ends by the signal, which rejects.
  keepLease(options).catch(() => undefined);
}

async function keepLease(options: NodeRegistrationOptions): Promise<never> {
  for (;;) {
    await delay(renewalMilliseconds, undefined, { signal: options.signal, ref: false });
    await renewLease(options).catch((error: unknown) => {
      if (!options.signal.aborted) options.log(`node lease: ${String(error)}`);
    });
  }
}

async function renewLease({ client, nodeName, signal }: NodeRegistrationOptions): Promise<void> {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: leaseSeconds, renewTime };
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: nodeName }, spec };
  const contentType = 'application/merge-patch+json';
  try {
    await client.insist({ method: 'PATCH', path: `${leases}/${nodeName}`, body: { spec }, contentType, signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    await client.insist({ method: 'POST', path: leases, body, signal });
  }
}

function metadata(name: string): object {
  return {
    name,
    labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': architecture() },
  };
}

function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function status(): object {
  const resources = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '1000',
    'ephemeral-storage': '100Gi',
  };
  const now = kubernetesTime();
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  return {
    capacity: resources,
    allocatable: resources,
    addresses: [
      { type: 'InternalIP', address: podAddress },
      { type: 'Hostname', address: 'localhost' },
    ],
    conditions: [
      { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', ...times },
      { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', ...times },
      { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', ...times },
      { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'the node agent is running', ...times },
    ],
    nodeInfo: {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: process.version,
      osImage: 'Hallmark testbed',
      containerRuntimeVersion: 'hallmark-testbed://1',
      kubeletVersion: 'v1.36.3',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: architecture(),
    },
  };
}
