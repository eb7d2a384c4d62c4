// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../api/v1alpha1/fields/date-time.ts';

/** The window in which a key may sign, as written in a policy: RFC 3339, either end open. */
export interface StatedWindow {
  readonly notBefore?: string | undefined;
  readonly notAfter?: string | undefined;
}

/** The same as times, ready for a VerificationKey. */
export interface KeyWindow {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const DAY_MS = 24 * 60 * 60_000;
/** The warning about the end of a key begins this long before it. */
const WARNING_DAYS = 14;

export function keyWindow({ notBefore, notAfter }: StatedWindow): KeyWindow {
  return {
    ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore) }),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
  };
}

/**
 * The reason why a key may not sign now by its window; undefined within it. Before its begin, with the time to try again.
 * @param secretName the key's Secret, with its namespace
 */
export function outsideWindow(
  { notBefore, notAfter }: KeyWindow,
  now: Date,
  secretName: string,
): { readonly message: string; readonly retryAfterSeconds?: number } | undefined {
  if (notAfter !== undefined && now > notAfter) {
    const message = `the key of Secret "${secretName}" signs no more since ${rfc3339Seconds(notAfter)}: put a new key into spec.signer.key.secretRef and list this one under "retired", or move notAfter`;
    return { message };
  }
  if (notBefore !== undefined && now < notBefore) {
    const message = `the key of Secret "${secretName}" signs from ${rfc3339Seconds(notBefore)} on: wait until then, or move notBefore of spec.signer.key`;
    return { message, retryAfterSeconds: Math.ceil((notBefore.getTime() - now.getTime()) / 1000) };
  }
  return undefined;
}

/** The warning about a key that ends soon; undefined while there is time. */
export function endWarning({ notAfter }: KeyWindow, now: Date, secretName: string): string | undefined {
  if (notAfter === undefined || notAfter.getTime() - now.getTime() > WARNING_DAYS * DAY_MS) return undefined;
  return `the key of Secret "${secretName}" signs until ${rfc3339Seconds(notAfter)}: have a new key ready before then`;
}
