// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/errors/reasoned-error.ts';

/**
 * The only error that reading a run and building its payloads throws. The message names the path within the run and the
 * requirement there.
 */
export class PayloadError extends ReasonedError<'PayloadInvalid' | 'PayloadTooLarge'> {}
