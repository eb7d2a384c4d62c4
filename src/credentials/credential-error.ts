// SPDX-License-Identifier: Apache-2.0
import { AccessError, type AccessFailure } from '../runtime/errors/access-error.ts';

export type CredentialReason =
  /** The operator may not act as the ServiceAccount, by RBAC or by its configuration. */
  | 'Forbidden'
  /** A Secret, file or ServiceAccount that is named does not exist. */
  | 'NotFound'
  /** It exists and cannot be used. */
  | 'Invalid'
  /** The service that issues tokens refuses it. */
  | 'Unauthorized'
  | 'Unavailable';

/** No credentials. The message names the Secret, ServiceAccount or field and the remedy; never a credential. */
export class CredentialError extends AccessError<CredentialReason> {
  get failure(): AccessFailure {
    return this.reason === 'Unavailable' ? 'Unavailable' : 'Unauthorized';
  }
}
