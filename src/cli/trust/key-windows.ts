// SPDX-License-Identifier: Apache-2.0
import type { PolicyTrust } from './policy-trust.ts';

/** Warns of each key with a window: no configuration that we print can hold one, so signatures from outside of it count. */
export function windowNotices({ keys }: Pick<PolicyTrust, 'keys'>): readonly string[] {
  return keys.flatMap(({ keyID, notBefore, notAfter }) => {
    const limits = [
      ...(notBefore === undefined ? [] : [`notBefore ${notBefore.toISOString()}`]),
      ...(notAfter === undefined ? [] : [`notAfter ${notAfter.toISOString()}`]),
    ];
    if (limits.length === 0) return [];
    return [
      `the window of key ${keyID} is not checked (${limits.join(', ')}): its signatures count whenever they were made. ` +
        'hallmark verify checks it. If the key may be in wrong hands, take it off the policy, and print this again',
    ];
  });
}
