// SPDX-License-Identifier: Apache-2.0

/** The identity for calls of a cloud's or a Vault's API. */
export type Identity =
  /** Static credentials in a Secret. */
  | { readonly type: 'Secret'; readonly namespace: string; readonly secretName: string }
  /** A ServiceAccount of the team, by TokenRequest. */
  | { readonly type: 'ServiceAccount'; readonly namespace: string; readonly serviceAccountName: string }
  /** The operator's own workload identity: for cluster kinds alone. */
  | { readonly type: 'Operator' };
