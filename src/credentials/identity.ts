// SPDX-License-Identifier: Apache-2.0

/** As whom a cloud's or a Vault's API is called. */
export type Identity =
  /** Static credentials in a Secret. */
  | { readonly type: 'Secret'; readonly namespace: string; readonly secretName: string }
  /** A ServiceAccount of the team, by TokenRequest. */
  | { readonly type: 'ServiceAccount'; readonly namespace: string; readonly serviceAccountName: string }
  /** The operator's own workload identity: for cluster kinds alone. */
  | { readonly type: 'Operator' };

/** Cannot be used as it is configured. The message names the Secret or field and the remedy; never a credential. */
export class CredentialError extends Error {
  /** `NotFound`: something that is named does not exist. `Invalid`: it does, and is of no use. `Unauthorized`: it was refused. */
  readonly code: 'NotFound' | 'Invalid' | 'Unauthorized' | 'Unavailable';

  constructor(code: CredentialError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CredentialError';
    this.code = code;
  }
}
