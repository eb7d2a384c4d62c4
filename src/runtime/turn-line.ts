// SPDX-License-Identifier: Apache-2.0

export interface TurnLineOptions {
  /** Pieces of one tenant that may wait; unlimited by default. */
  readonly perTenant?: number;
  /** Pieces that are done at a time, each of another tenant; 1 by default. */
  readonly atOnce?: number;
}

interface Turn {
  readonly tenant: string;
  readonly work: () => Promise<void>;
}

/**
 * Pieces of work that are done a few at a time, those of different tenants in turns: however much one has in line, it delays another by one
 * piece, and where several are done at a time, one that hangs delays no other tenant. A tenant's place in line may be limited, and more is
 * refused.
 */
export class TurnLine {
  readonly #perTenant: number;
  readonly #atOnce: number;
  /** The work of each tenant that has some, in the order of their turns. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>();
  /** The tenants whose work is being done. */
  readonly #served = new Set<string>();
  #running = 0;
  #ended: Promise<unknown> = Promise.resolve();

  constructor({ perTenant = Infinity, atOnce = 1 }: TurnLineOptions = {}) {
    this.#perTenant = perTenant;
    this.#atOnce = atOnce;
  }

  /** @param work never rejects. @returns false when the tenant's place in line is full */
  add(tenant: string, work: () => Promise<void>): boolean {
    const line = this.#waiting.get(tenant) ?? [];
    if (line.length >= this.#perTenant) return false;
    line.push(work);
    this.#waiting.set(tenant, line);
    if (this.#running < this.#atOnce) {
      this.#running += 1;
      this.#ended = Promise.all([this.#ended, this.#run()]).then(() => undefined);
    }
    return true;
  }

  /** The result of a piece, once its turn came. @throws Error when the tenant's place in line is full */
  result<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.add(tenant, () => work().then(resolve, reject))) reject(new Error('the place in line is full'));
    });
  }

  /** Resolves once nothing is in line. */
  async idle(): Promise<void> {
    while (this.#running > 0) await this.#ended;
  }

  async #run(): Promise<void> {
    // Whatever is added within the same turn of the event loop takes part.
    await Promise.resolve();
    for (let turn = this.#next(); turn !== undefined; turn = this.#next()) {
      this.#served.add(turn.tenant);
      await turn.work();
      this.#served.delete(turn.tenant);
    }
    // At once: whatever is added from now on starts another.
    this.#running -= 1;
  }

  /** The first piece of the tenant whose turn it is, which comes last from then on. One that is being served goes on after that. */
  #next(): Turn | undefined {
    for (const [tenant, line] of this.#waiting) {
      if (this.#served.has(tenant)) continue;
      const work = line.shift();
      this.#waiting.delete(tenant);
      if (line.length > 0) this.#waiting.set(tenant, line);
      return work && { tenant, work };
    }
    return undefined;
  }
}
