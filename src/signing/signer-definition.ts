// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind } from '../api/v1alpha1/kinds.ts';
import type { SigningPolicySpec } from '../api/v1alpha1/signing-policy/schema.ts';

/** The part of a SigningPolicy or ClusterSigningPolicy that a signing source needs. */
export interface SignerDefinition {
  readonly kind: PolicyKind;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
  /** Where its references are read and its ServiceAccounts live: the policy's own namespace, the operator's for the cluster kind. */
  readonly homeNamespace: string;
  readonly signer: SigningPolicySpec['signer'];
}
