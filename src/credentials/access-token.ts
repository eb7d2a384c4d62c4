// SPDX-License-Identifier: Apache-2.0
import type { SecretValue } from '../runtime/secret-value.ts';

/** A bearer token of a cloud. */
export interface AccessToken {
  readonly token: SecretValue;
  /** Absent if the end is unknown. */
  readonly expiresAt?: Date;
}

/** The source of an identity's tokens. */
export interface AccessTokenSource {
  /** A token to use now. @throws CredentialError or EgressError */
  token(signal: AbortSignal): Promise<AccessToken>;
  /** The API refused the last one: the next is a new one. */
  refused(): void;
}
