// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '../../credentials/identity.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { SignerDefinition } from '../signer-definition.ts';

/** `spec.signer.kms` of a policy. */
export type KmsSpec = NonNullable<SignerDefinition['signer']['kms']>;

/** What a provider needs to know of a policy's key. */
export interface KmsDefinition {
  /** The key, as the policy names it; for messages too: it holds no secret. */
  readonly uri: string;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
  readonly kind: SignerDefinition['kind'];
  /** Where ServiceAccounts and Secrets of the policy are. */
  readonly homeNamespace: string;
  readonly identity: Identity;
  /** How certificates of the service, and of its token exchange, are checked: `caBundleRef` as it was read. */
  readonly tls: TlsOptions;
  /** The member of the provider has its settings. */
  readonly spec: KmsSpec;
}
