// SPDX-License-Identifier: Apache-2.0
import type { VerifiedTime } from '../verification-result.ts';
import { VerificationFailure } from '../verification-failure.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';

/**
 * Requires that a key was in its window when it signed: every proven time must lie in the window. A signature without a witness could have
 * been made at any time, and is judged as if it were made at `otherwise`. @throws VerificationFailure
 */
export function requireInWindow(key: VerificationKey, times: readonly VerifiedTime[], otherwise: Date): void {
  const witnessed = times.length > 0;
  for (const time of witnessed ? times.map((verified) => verified.time) : [otherwise]) {
    if (isIn(key, time)) continue;
    const window = `${text(key.notBefore)} to ${text(key.notAfter)}`;
    const hint = witnessed ? '' : '; no log or timestamp says when it was signed';
    const message = `key ${key.keyID} counts from ${window}, and not at ${text(time)}${hint}`;
    throw new VerificationFailure('KeyOutsideWindow', message);
  }
}

function isIn({ notBefore, notAfter }: VerificationKey, time: Date): boolean {
  if (Number.isNaN(time.getTime())) return false;
  // With an invalid date in the window, these comparisons are false.
  return (notBefore === undefined || notBefore <= time) && (notAfter === undefined || time <= notAfter);
}

function text(time: Date | undefined): string {
  if (time === undefined) return 'ever';
  return Number.isNaN(time.getTime()) ? 'no valid time' : time.toISOString();
}
