// SPDX-License-Identifier: Apache-2.0
import type { FormatName } from './statement.ts';

/** True when results of steps make subjects. Without an attestation the images are those of the reference: results of tasks. */
export function readsSteps(format: FormatName | 'None'): boolean {
  return format === 'slsa/v2alpha4';
}
