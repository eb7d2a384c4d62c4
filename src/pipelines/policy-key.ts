// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind } from '../api/v1alpha1/kinds.ts';
import type { KeyOf } from '../runtime/key-of.ts';

/** Names a policy as records and pipelines do. */
export interface PolicyName {
  readonly kind: PolicyKind;
  /** Empty for a cluster policy. */
  readonly namespace: string;
  readonly name: string;
}

/** `SigningPolicy/team-a/release`, `ClusterSigningPolicy//baseline`. */
export type PolicyKey = KeyOf<'Policy', `${PolicyKind}/${string}/${string}`>;

export function policyKey({ kind, namespace, name }: PolicyName): PolicyKey {
  return `${kind}/${namespace}/${name}` as const;
}

export function parsePolicyKey(key: PolicyKey): PolicyName {
  const [kind, namespace = '', name = ''] = key.split('/');
  return { kind: kind === 'ClusterSigningPolicy' ? kind : 'SigningPolicy', namespace, name };
}

/** `SigningPolicy team-a/release`, `ClusterSigningPolicy baseline`: a policy's name in messages. */
export function describePolicy({ kind, namespace, name }: PolicyName): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
