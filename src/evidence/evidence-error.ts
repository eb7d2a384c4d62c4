// SPDX-License-Identifier: Apache-2.0
import { ReasonedError } from '../runtime/reasoned-error.ts';

/** Evidence that cannot be read back: damaged, not what its fields claim, or past a size limit. */
export class EvidenceError extends ReasonedError<'PayloadInvalid' | 'PayloadTooLarge'> {}
