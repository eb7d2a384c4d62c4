// SPDX-License-Identifier: Apache-2.0
import type { SecretValue } from '../runtime/secret-value.ts';

/** A ServiceAccount, and whom its token is for. */
export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccountName: string;
  /** Never the API server's own audience; one that the operator's configuration allows. */
  readonly audience: string;
  /** `host` or `host:port` that the token is sent to, which the configuration must allow for this audience. */
  readonly host: string;
}

/** A token that the API server issued for a ServiceAccount (a JWT), and when it ends. */
export interface ServiceAccountToken {
  readonly token: SecretValue;
  readonly expiresAt: Date;
}

/** The one way to act as a team's ServiceAccount: Kubernetes' TokenRequest. */
export interface TokenSource {
  /** A token with at least some minutes left. @throws CredentialError */
  token(request: TokenRequest, signal: AbortSignal): Promise<ServiceAccountToken>;
}
