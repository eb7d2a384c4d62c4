// SPDX-License-Identifier: Apache-2.0
import type { LabelSelector } from '../api/v1alpha1/fields/label-selector.ts';
import type { SigningPolicySpec } from '../api/v1alpha1/signing-policy/schema.ts';
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import type { BackendDefinition } from '../storage/backend-definition.ts';
import type { PolicyName } from './policy-key.ts';

/** All that a policy or backend says beyond the ceilings of its namespace. */
export interface Exceeding {
  /** The names of the ceilings that it exceeds. */
  readonly ceilings: readonly string[];
  readonly message: string;
}

/** The fields with defaults that ceilings bound, as far as a SigningPolicy sets them itself. */
export interface WrittenPolicySpec {
  readonly format?: EffectiveSigningPolicySpec['attestation']['format'] | undefined;
  readonly buildType?: EffectiveSigningPolicySpec['attestation']['buildType'] | undefined;
  readonly builderID?: string | undefined;
  readonly allowedRepositories?: readonly string[] | undefined;
  readonly mode?: EffectiveSigningPolicySpec['mode'] | undefined;
  readonly notes?: EffectiveSigningPolicySpec['children']['notes'] | undefined;
  readonly deletionGuard?: SigningPolicySpec['deletionGuard'];
  readonly record?: SigningPolicySpec['record'];
}

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
  /** RFC 3339; where ceilings allow so many policies, the oldest ones count first. */
  readonly creationTimestamp?: string;
  /** SigningPolicy only: the policy's own words, before defaults. */
  readonly written?: WrittenPolicySpec;
  /** The excess over the ceilings of its namespace; its runs are then recorded unsigned. */
  readonly exceeds?: Exceeding;
  /** The ceiling that allows audits only. */
  readonly auditOnlyBy?: string;
}

/** A StorageBackend or ClusterStorageBackend with its defaults filled in. */
export interface CompiledBackend extends BackendDefinition {
  readonly uid: string;
  readonly generation: number;
  readonly namespaceSelector?: LabelSelector;
  /** RFC 3339; where ceilings allow so many backends, the oldest ones count first. */
  readonly creationTimestamp?: string;
  /** The excess over the ceilings of its namespace; nothing is then sent to it. */
  readonly exceeds?: Exceeding;
}
