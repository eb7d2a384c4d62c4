// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/errors/reasoned-error.ts';

/** The reasons for which logs and timestamp authorities do not witness a signature. */
export type TransparencyReason =
  'TransparencyLogUnavailable' | 'TimestampAuthorityUnavailable' | 'EndpointForbidden' | 'VerificationFailed';

/** Reports a log or timestamp authority that returned no valid witness. The message names it and the remedy. */
export class TransparencyError extends ReasonedError<TransparencyReason> {}
