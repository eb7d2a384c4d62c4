// SPDX-License-Identifier: Apache-2.0
import type { PolicyKey } from './policy-key.ts';

/** The time until which the runs of each policy have retired. It only advances. */
export class RetiredBefore {
  readonly #times = new Map<PolicyKey, string>();

  /** RFC 3339; undefined when nothing has retired. */
  time(policyKey: PolicyKey): string | undefined {
    return this.#times.get(policyKey);
  }

  advance(policyKey: PolicyKey, time: string): void {
    const known = this.#times.get(policyKey);
    if (known === undefined || Date.parse(time) > Date.parse(known)) this.#times.set(policyKey, time);
  }
}
