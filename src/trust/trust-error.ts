// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/errors/reasoned-error.ts';

/** The reasons why there is no trusted root. */
export type TrustReason =
  /** A referenced object or entry does not exist. */
  | 'NotFound'
  /** It is not a trusted root, or the mirror's metadata is not signed properly. */
  | 'Invalid'
  /** The mirror or the API server does not respond, and no cached root is valid. */
  | 'Unavailable'
  /** The operator's configuration forbids the mirror. */
  | 'EndpointForbidden';

/** Reports a missing trusted root. The message names the policy, the ConfigMap or mirror, and the remedy. */
export class TrustError extends ReasonedError<TrustReason> {}
