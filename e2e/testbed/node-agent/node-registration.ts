// SPDX-License-Identifier: Apache-2.0
import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { ApiError, type ApiClient } from './api-client.ts';
import { kubernetesTime } from './container-state.ts';
import { hostAddress } from './pod.ts';

export interface NodeRegistrationOptions {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

const Conditions = Type.Object({
  status: Type.Object({ conditions: Type.Array(Type.Object({ type: Type.String(), status: Type.String() })) }),
});

/** The kubelet's own default. */
const leaseSeconds = 40;
const renewalMilliseconds = 10_000;
const nodes = '/api/v1/nodes';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/**
 * Creates the Node, or takes over an existing one, and keeps it Ready until the signal aborts. The node lifecycle controller expects a
 * renewed Lease within 50 s. The Node itself is written again only when it was deleted or marked unready, which that controller does
 * after a long outage of the API server.
 */
export async function registerNode(options: NodeRegistrationOptions): Promise<void> {
  await writeNode(options);
  await renewLease(options);
  // Ends by the signal, which rejects.
  keepAlive(options).catch(() => undefined);
}

async function keepAlive(options: NodeRegistrationOptions): Promise<never> {
  for (;;) {
    await delay(renewalMilliseconds, undefined, { signal: options.signal, ref: false });
    try {
      await renewLease(options);
      if (!(await isReady(options))) await writeNode(options);
    } catch (error) {
      if (!options.signal.aborted) options.log(`node ${options.nodeName}: ${String(error)}`);
    }
  }
}

async function writeNode({ client, nodeName, signal }: NodeRegistrationOptions): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Node', metadata: metadata(nodeName), status: status() };
  try {
    await client.insist({ method: 'POST', path: nodes, body, signal });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const patch = { body: { status: status() }, contentType: 'application/merge-patch+json' };
    await client.insist({ method: 'PATCH', path: `${nodes}/${nodeName}/status`, ...patch, signal });
  }
}

async function isReady({ client, nodeName, signal }: NodeRegistrationOptions): Promise<boolean> {
  try {
    const node = await client.insist({ method: 'GET', path: `${nodes}/${nodeName}`, signal });
    if (!Value.Check(Conditions, node)) return false;
    return node.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
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
      { type: 'InternalIP', address: hostAddress },
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
