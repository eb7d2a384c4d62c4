// SPDX-License-Identifier: Apache-2.0

interface Waiting {
  readonly admit: () => void;
}

/**
 * Slots that tenants share, such as connections: a tenant gets another one as long as it has fewer than are free. So one that uses them for
 * long leaves half of them to the others, the next one a quarter, and so on; a tenant that has none always gets one. Those that wait are
 * admitted in turns of the tenants, and those of one tenant in order.
 */
export class TenantSlots {
  readonly #slots: number;
  readonly #taken = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting[]>();
  #total = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Does work in a slot of the tenant, once it has one. @throws the reason of the signal when that aborts before */
  async within<T>(tenant: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#hasRoom(tenant) && !this.#waiting.has(tenant)) this.#take(tenant);
    else await this.#admission(tenant, signal);
    try {
      return await work();
    } finally {
      this.#leave(tenant);
    }
  }

  #hasRoom(tenant: string): boolean {
    const own = this.#taken.get(tenant) ?? 0;
    return own === 0 || own < this.#slots - this.#total;
  }

  #take(tenant: string): void {
    this.#total += 1;
    this.#taken.set(tenant, (this.#taken.get(tenant) ?? 0) + 1);
  }

  #leave(tenant: string): void {
    this.#total -= 1;
    const own = (this.#taken.get(tenant) ?? 0) - 1;
    if (own === 0) this.#taken.delete(tenant);
    else this.#taken.set(tenant, own);
    this.#admitNext();
  }

  #admission(tenant: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#waiting.get(tenant) ?? [];
      const onAbort = (): void => {
        line.splice(line.indexOf(waiting), 1);
        if (line.length === 0) this.#waiting.delete(tenant);
        reject(signal.reason instanceof Error ? signal.reason : new Error('given up while waiting'));
      };
      const waiting = {
        admit: (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      line.push(waiting);
      this.#waiting.set(tenant, line);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Admits all for which there is room. A tenant that was admitted comes last the next time. */
  #admitNext(): void {
    for (const [tenant, line] of [...this.#waiting]) {
      if (!this.#hasRoom(tenant)) continue;
      const next = line.shift();
      this.#waiting.delete(tenant);
      if (line.length > 0) this.#waiting.set(tenant, line);
      this.#take(tenant);
      next?.admit();
    }
  }
}
