// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/reasoned-error.ts';

export type PayloadErrorReason = 'PayloadInvalid' | 'PayloadTooLarge';

/**
 * A run that cannot be stated: the only error that reading a run and building its payloads throws. The message names the
 * place in the run and what must hold there.
 */
export class PayloadError extends ReasonedError<PayloadErrorReason> {}
