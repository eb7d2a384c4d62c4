// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/reasoned-error.ts';

/** Why a signature was not witnessed: the part of the closed list of reasons that logs and timestamp authorities use. */
export type TransparencyReason =
  'TransparencyLogUnavailable' | 'TimestampAuthorityUnavailable' | 'EndpointForbidden' | 'VerificationFailed';

/** A log or timestamp authority that gave nothing, or nothing that counts. The message names it and the remedy. */
export class TransparencyError extends ReasonedError<TransparencyReason> {}
