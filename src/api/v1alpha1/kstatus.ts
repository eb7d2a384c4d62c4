// SPDX-License-Identifier: Apache-2.0
import type { Condition } from './condition.ts';

/** What Flux, Argo CD and `kubectl wait` tooling make of an object: the words of sigs.k8s.io/cli-utils/pkg/kstatus. */
export type KStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

/** The part of an object that decides it. */
export interface KStatusInput {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/** kstatus' rules for custom resources, first hit first: deletion, generation, Reconciling, Stalled, Ready. */
export function kstatus({ metadata, status = {} }: KStatusInput): KStatus {
  const { observedGeneration, conditions = [] } = status;
  const statusOf = (type: string) => conditions.find((condition) => condition.type === type)?.status;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (observedGeneration !== undefined && observedGeneration !== metadata.generation) return 'InProgress';
  if (statusOf('Reconciling') === 'True') return 'InProgress';
  if (statusOf('Stalled') === 'True') return 'Failed';
  return (statusOf('Ready') ?? 'True') === 'True' ? 'Current' : 'InProgress';
}
