// SPDX-License-Identifier: Apache-2.0
import type { ContainerState, ContainerStatus } from './container-state.ts';
import { hostAddress } from './pod.ts';

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime: string;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PodStatus {
  readonly phase: PodPhase;
  readonly observedGeneration?: number;
  readonly hostIP: string;
  readonly hostIPs: readonly { readonly ip: string }[];
  readonly podIP: string;
  readonly podIPs: readonly { readonly ip: string }[];
  readonly startTime: string;
  readonly conditions: readonly PodCondition[];
  readonly initContainerStatuses: readonly ContainerStatus[];
  readonly containerStatuses: readonly ContainerStatus[];
}

export interface PodFacts {
  readonly init: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
  /** Decides whether a container that ended is started again. */
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly generation: number | undefined;
  readonly startTime: string;
  /** The pod's own. */
  readonly address: string;
  /** The time of this status, for the conditions that changed. */
  readonly now: string;
  readonly previous: readonly PodCondition[];
}

/** Computes a pod's status from what its containers do. */
export function podStatus(facts: PodFacts): PodStatus {
  return {
    phase: phase(facts),
    ...(facts.generation === undefined ? {} : { observedGeneration: facts.generation }),
    hostIP: hostAddress,
    hostIPs: [{ ip: hostAddress }],
    podIP: facts.address,
    podIPs: [{ ip: facts.address }],
    startTime: facts.startTime,
    conditions: conditions(facts),
    initContainerStatuses: facts.init,
    containerStatuses: facts.containers,
  };
}

function phase({ init, containers, restartPolicy }: PodFacts): PodPhase {
  const final = (status: ContainerStatus): boolean =>
    'terminated' in status.state &&
    (restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && status.state.terminated.exitCode === 0));
  if (init.some((status) => final(status) && !succeeded(status.state))) return 'Failed';
  if (!init.every(({ state }) => succeeded(state))) return 'Pending';
  if (containers.every(final)) return containers.every(({ state }) => succeeded(state)) ? 'Succeeded' : 'Failed';
  return containers.every(hasRun) ? 'Running' : 'Pending';
}

function hasRun({ state, lastState }: ContainerStatus): boolean {
  return !('waiting' in state) || lastState !== undefined;
}

function succeeded(state: ContainerState): boolean {
  return 'terminated' in state && state.terminated.exitCode === 0;
}

function conditions(facts: PodFacts): readonly PodCondition[] {
  const { init, containers } = facts;
  const finished = ['Succeeded', 'Failed'].includes(phase(facts));
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const ready = unready.length === 0;
  const why = finished
    ? { reason: 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const incomplete = init.filter(({ state }) => !succeeded(state)).map(({ name }) => name);
  const initialised = incomplete.length === 0;
  const uninitialised = {
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
  return [
    condition(facts, 'PodScheduled', true),
    condition(facts, 'Initialized', initialised, uninitialised),
    condition(facts, 'ContainersReady', ready, why),
    condition(facts, 'Ready', ready, why),
  ];
}

function condition(
  { previous, now }: PodFacts,
  type: string,
  holds: boolean,
  otherwise: { readonly reason: string; readonly message?: string } = { reason: '' },
): PodCondition {
  const status = holds ? 'True' : 'False';
  const before = previous.find((candidate) => candidate.type === type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
  return { type, status, ...(holds ? {} : otherwise), lastTransitionTime };
}
