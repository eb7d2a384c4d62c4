// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/reasoned-error.ts';

/** Why there is no trusted root. */
export type TrustReason =
  /** Something that is named does not exist. */
  | 'NotFound'
  /** It exists and is no trusted root, or what the mirror serves is not signed as it must be. */
  | 'Invalid'
  /** The mirror or the API server does not answer, and nothing older is good enough. */
  | 'Unavailable'
  /** The operator's configuration does not let the mirror be reached. */
  | 'EndpointForbidden';

/** No trusted root. The message names the policy, the ConfigMap or mirror, and the remedy. */
export class TrustError extends ReasonedError<TrustReason> {}
