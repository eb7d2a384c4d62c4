// SPDX-License-Identifier: Apache-2.0

/**
 * Pieces of work that are done one at a time, those of different tenants in turns: however much one has in line, it delays another by one
 * piece. A tenant's place in line is limited, and more is refused.
 */
export class TurnLine {
  readonly #perTenant: number;
  /** The work of each tenant that has some, in the order of their turns. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>();
  #running: Promise<void> | undefined;

  constructor(perTenant: number) {
    this.#perTenant = perTenant;
  }

  /** @param work never rejects. @returns false when the tenant's place in line is full */
  add(tenant: string, work: () => Promise<void>): boolean {
    const line = this.#waiting.get(tenant) ?? [];
    if (line.length >= this.#perTenant) return false;
    line.push(work);
    this.#waiting.set(tenant, line);
    this.#running ??= this.#run();
    return true;
  }

  /** Resolves once nothing is in line. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever is added within the same turn of the event loop takes part.
    await Promise.resolve();
    for (let work = this.#next(); work !== undefined; work = this.#next()) await work();
    this.#running = undefined;
  }

  /** The first piece of the tenant whose turn it is, which comes last from then on. */
  #next(): (() => Promise<void>) | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [tenant, line] = first;
    const work = line.shift();
    this.#waiting.delete(tenant);
    if (line.length > 0) this.#waiting.set(tenant, line);
    return work;
  }
}
