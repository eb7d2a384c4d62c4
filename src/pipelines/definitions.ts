// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind } from '../api/v1alpha1/kinds.ts';
import type { LabelSelector } from '../api/v1alpha1/label-selector.ts';
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import type { BackendDefinition } from '../storage/backend-definition.ts';

/** Names a policy as records and pipelines do. */
export interface PolicyKey {
  readonly kind: PolicyKind;
  /** Empty for a cluster policy. */
  readonly namespace: string;
  readonly name: string;
}

/** A SigningPolicy or ClusterSigningPolicy with its defaults filled in. */
export interface PolicyDefinition extends PolicyKey {
  readonly uid: string;
  readonly generation: number;
  /** The one namespace its references are read in: its own, or the operator's for the cluster kind. */
  readonly homeNamespace: string;
  /** Cluster kind only; absent for every namespace but the operator's own and kube-*. */
  readonly namespaceSelector?: LabelSelector;
  readonly spec: EffectiveSigningPolicySpec;
  /** Records of runs that finished until then have retired, RFC 3339; such runs are not taken up again. */
  readonly retiredBefore?: string;
  /** Why the object cannot be obeyed as it is written; its runs are then recorded unsigned. */
  readonly invalid?: string;
}

/** A StorageBackend or ClusterStorageBackend with its defaults filled in. */
export interface CompiledBackend extends BackendDefinition {
  readonly uid: string;
  readonly generation: number;
  readonly namespaceSelector?: LabelSelector;
}

/** The text that tells policies (or backends) apart, for maps and queues. */
export function policyKeyText(key: PolicyKey): string {
  return `${key.kind}/${key.namespace}/${key.name}`;
}

/** `SigningPolicy team-a/release`, `ClusterSigningPolicy baseline`: how messages name a policy. */
export function describePolicy(key: PolicyKey): string {
  return `${key.kind} ${key.namespace === '' ? '' : `${key.namespace}/`}${key.name}`;
}
