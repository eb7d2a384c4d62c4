// SPDX-License-Identifier: Apache-2.0
import type { Condition } from './condition.ts';

/** The status of an object for Flux, Argo CD and `kubectl wait`, in the terms of sigs.k8s.io/cli-utils/pkg/kstatus. */
export type KStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

/** The fields of an object that decide it. */
export interface KStatusInput {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/**
 * Apply the rules of kstatus for custom resources (`checkGenericProperties`, then `checkReadyCondition`): deletion,
 * generation, then the first of Reconciling and Stalled that is True in the order of the list, then Ready. An object
 * without any of these is current.
 */
export function kstatus({ metadata, status = {} }: KStatusInput): KStatus {
  const { observedGeneration, conditions = [] } = status;
  const { generation, deletionTimestamp = '' } = metadata;
  if (deletionTimestamp !== '') return 'Terminating';
  const isOld = generation !== undefined && observedGeneration !== undefined && observedGeneration !== generation;
  if (isOld) return 'InProgress';
  for (const { type, status: value } of conditions) {
    if (type === 'Reconciling' && value === 'True') return 'InProgress';
    if (type === 'Stalled' && value === 'True') return 'Failed';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}
