// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import type { LeaseRecord } from './lease-record.ts';

/** A Lease as it was seen to change last, by our own clock: others' clocks are never compared with ours. */
interface Observation {
  readonly record: LeaseRecord;
  readonly changedMs: number;
}

export interface ObservedLeasesOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The names of the Leases that members hold. */
  readonly slots: readonly string[];
  /** The time for which a member may be silent. */
  readonly leaseDurationSeconds: number;
}

/**
 * The Leases of all replicas, as each list shows them. A member renews one Lease, its slot; the shards that name it as their holder are its
 * own for as long as it holds that one.
 */
export class ObservedLeases {
  readonly #options: ObservedLeasesOptions;
  readonly #observations = new Map<string, Observation>();
  /** Identities whose slot was seen to pass to another holder, or to none. */
  readonly #fenced = new Set<string>();
  /** The time since which an identity is seen without a slot, although no replica was seen to take it. */
  readonly #slotlessMs = new Map<string, number>();

  constructor(options: ObservedLeasesOptions) {
    this.#options = options;
  }

  get(name: string): LeaseRecord | undefined {
    return this.#observations.get(name)?.record;
  }

  /** Takes over a list of all Leases. */
  see(leases: readonly LeaseRecord[]): void {
    const listed = new Set(leases.map(({ name }) => name));
    for (const name of this.#observations.keys()) if (!listed.has(name)) this.#observations.delete(name);
    for (const lease of leases) this.note(lease);
    this.#noteSlotless(leases);
  }

  /** Takes over one Lease. */
  note(record: LeaseRecord): void {
    const before = this.#observations.get(record.name);
    if (before?.record.resourceVersion === record.resourceVersion) return;
    const isSlot = this.#options.slots.includes(record.name);
    if (isSlot && before !== undefined && before.record.holder !== record.holder)
      this.#fenced.add(before.record.holder);
    this.#observations.set(record.name, { record, changedMs: this.#options.clock.monotonicMs() });
  }

  /** The slots with a holder, including those that ran out. */
  get heldSlots(): readonly LeaseRecord[] {
    return this.#options.slots.flatMap((name) => {
      const record = this.get(name);
      return record === undefined || record.holder === '' ? [] : [record];
    });
  }

  /** True when the holder of a slot has been silent for so long that it stopped. */
  hasRunOut({ name, leaseDurationSeconds }: LeaseRecord): boolean {
    const changedMs = this.#observations.get(name)?.changedMs ?? Infinity;
    return this.#options.clock.monotonicMs() - changedMs >= leaseDurationSeconds * 1000;
  }

  /** The first slot that is free to take; undefined when there is none. */
  freeSlot(): string | undefined {
    return this.#options.slots.find((name) => {
      const record = this.get(name);
      return record === undefined || record.holder === '' || this.hasRunOut(record);
    });
  }

  /** The identity whose work on a shard may go on; undefined when the shard is free. */
  holderOf(name: string): string | undefined {
    const holder = this.get(name)?.holder ?? '';
    // A member that left its slot may have taken another.
    if (holder !== '' && this.heldSlots.some((slot) => slot.holder === holder)) return holder;
    if (holder === '' || this.#fenced.has(holder)) return undefined;
    const slotlessMs = this.#slotlessMs.get(holder);
    const isOver =
      slotlessMs !== undefined &&
      this.#options.clock.monotonicMs() - slotlessMs >= this.#options.leaseDurationSeconds * 1000;
    return isOver ? undefined : holder;
  }

  /** An administrator may have deleted the slot of a member, which notices only when it renews. */
  #noteSlotless(leases: readonly LeaseRecord[]): void {
    const members = new Set(this.heldSlots.map(({ holder }) => holder));
    const holders = new Set(leases.map(({ holder }) => holder));
    for (const holder of holders) {
      if (members.has(holder)) this.#slotlessMs.delete(holder);
      else if (!this.#slotlessMs.has(holder)) this.#slotlessMs.set(holder, this.#options.clock.monotonicMs());
    }
    for (const holder of this.#slotlessMs.keys()) if (!holders.has(holder)) this.#slotlessMs.delete(holder);
    for (const holder of this.#fenced) if (!holders.has(holder) || members.has(holder)) this.#fenced.delete(holder);
  }
}
