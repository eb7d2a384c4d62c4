// SPDX-License-Identifier: Apache-2.0

export interface ShareLimits {
  /** Units of all tenants together. */
  readonly total: number;
  /** Units of one tenant. */
  readonly perTenant: number;
  /** Units that a tenant may have even when those of all together are used up. */
  readonly assured: number;
}

const UNLIMITED: ShareLimits = { total: Infinity, perTenant: Infinity, assured: 0 };

/** Counts units of a resource, such as bytes, by tenant: however much one takes, there is some for every other. */
export class Shares {
  readonly #limits: ShareLimits;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: ShareLimits = UNLIMITED) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  of(tenant: string): number {
    return this.#taken.get(tenant) ?? 0;
  }

  /** The tenant that has most; undefined when nothing is taken. */
  largest(): string | undefined {
    let largest: string | undefined;
    for (const [tenant, units] of this.#taken) {
      if (largest === undefined || units > this.of(largest)) largest = tenant;
    }
    return largest;
  }

  fits(tenant: string, units: number): boolean {
    const { total, perTenant, assured } = this.#limits;
    const own = this.of(tenant) + units;
    return own <= assured || (own <= perTenant && this.#total + units <= total);
  }

  /** Takes units, or gives them back where they are negative. It does not ask for room. */
  add(tenant: string, units: number): void {
    this.#total += units;
    const own = this.of(tenant) + units;
    if (own === 0) this.#taken.delete(tenant);
    else this.#taken.set(tenant, own);
  }
}
