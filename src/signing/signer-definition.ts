// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind } from '../api/v1alpha1/kinds.ts';
import type { SigningPolicySpec } from '../api/v1alpha1/signing-policy/schema.ts';

/** The part of a SigningPolicy or ClusterSigningPolicy that a signing source needs. */
export interface SignerDefinition {
  readonly kind: PolicyKind;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
  /** The namespace of its references and ServiceAccounts: the policy's own, the operator's for the cluster kind. */
  readonly homeNamespace: string;
  readonly signer: SigningPolicySpec['signer'];
}
