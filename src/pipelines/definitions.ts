// SPDX-License-Identifier: Apache-2.0
import type { LabelSelector } from '../api/v1alpha1/fields/label-selector.ts';
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import type { BackendDefinition } from '../storage/backend-definition.ts';
import type { PolicyName } from './policy-key.ts';

/** A SigningPolicy or ClusterSigningPolicy with its defaults filled in. */
export interface PolicyDefinition extends PolicyName {
  readonly uid: string;
  readonly generation: number;
  /** The one namespace its references are read in: its own, or the operator's for the cluster kind. */
  readonly homeNamespace: string;
  /** Cluster kind only; absent for every namespace but the operator's own and kube-*. */
  readonly namespaceSelector?: LabelSelector;
  readonly spec: EffectiveSigningPolicySpec;
  /** Records of runs that finished until then have retired, RFC 3339; such runs are not taken up again. */
  readonly retiredBefore?: string;
  /** The platform keeps its records for less time than it asks for: by how much, for people. */
  readonly retentionCut?: string;
  /** The reason why the policy is invalid; its runs are then recorded unsigned. */
  readonly invalid?: string;
}

/** A StorageBackend or ClusterStorageBackend with its defaults filled in. */
export interface CompiledBackend extends BackendDefinition {
  readonly uid: string;
  readonly generation: number;
  readonly namespaceSelector?: LabelSelector;
}
