// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/errors/reasoned-error.ts';

/** Evidence that cannot be read: damaged, inconsistent with its fields, or above a size limit. */
export class EvidenceError extends ReasonedError<'PayloadInvalid' | 'PayloadTooLarge'> {}
