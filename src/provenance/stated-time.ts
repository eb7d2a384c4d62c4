// SPDX-License-Identifier: Apache-2.0
import type { GoTime } from '../tekton/go/go-time.ts';
import { PayloadError } from '../tekton/payload-error.ts';

const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/**
 * Format a time of a run; undefined when it has none.
 *
 * @throws PayloadError outside of the years 1 to 9999, which RFC 3339 cannot express
 */
export function statedTime(time: GoTime | undefined, format: (time: GoTime) => string): string | undefined {
  if (time === undefined) return undefined;
  if (time.epochSeconds < firstSecond || time.epochSeconds > lastSecond) {
    throw new PayloadError('PayloadInvalid', 'the start and completion time of a run must lie in the years 1 to 9999');
  }
  return format(time);
}
