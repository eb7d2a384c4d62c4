// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../runtime/clock.ts';
import { TokenBucket } from '../../runtime/token-bucket.ts';
import type { ShownObject, ShownObjects } from '../../telemetry/shown-objects.ts';

export interface ShownLimits {
  /** Policies and backends of one namespace, and new ones at once. */
  readonly perNamespace: number;
  /** Those of all namespaces together. */
  readonly total: number;
  /** The time in which one more new one of a namespace is shown. */
  readonly refillMs: number;
}

/** The name of an object; its namespace is empty for one of the whole cluster. */
export type ShownName = Pick<ShownObject, 'kind' | 'namespace' | 'name'>;

const LIMITS: ShownLimits = { perNamespace: 200, total: 5000, refillMs: 30_000 };
/** Namespaces whose new objects are counted. */
const MAX_NAMESPACES = 4096;

interface Entry {
  readonly shown: ShownObject;
  /** True once it took one of the namespace's turns. */
  readonly isAdmitted: boolean;
}

/**
 * The conditions of policies and backends, for the metrics. Their names are labels that tenants choose, and each name costs memory in
 * Prometheus for hours. So a namespace has a share, new names of it come at a bounded rate, and where all namespaces have too many
 * together, those with the most lose first.
 */
export class ShownConditions {
  readonly #clock: Clock;
  readonly #limits: ShownLimits;
  readonly #namespaces = new Map<string, Map<string, Entry>>();
  /** They outlive the objects: making them again is no way to more. */
  readonly #turns = new LRUCache<string, TokenBucket>({ max: MAX_NAMESPACES });

  constructor(clock: Clock, limits: ShownLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Notes an object as it was delivered. */
  note(shown: ShownObject): void {
    const entries = this.#namespaces.get(shown.namespace) ?? new Map<string, Entry>();
    this.#namespaces.set(shown.namespace, entries);
    const key = keyOf(shown);
    entries.set(key, { shown, isAdmitted: entries.get(key)?.isAdmitted === true });
  }

  forget(of: ShownName): void {
    const entries = this.#namespaces.get(of.namespace);
    entries?.delete(keyOf(of));
    if (entries?.size === 0) this.#namespaces.delete(of.namespace);
  }

  /** The objects to show of the namespaces for which `isShown` returns true; the empty name stands for the whole cluster. */
  show(isShown: (namespace: string) => boolean): ShownObjects {
    const namespaces = [...this.#namespaces].filter(([namespace]) => isShown(namespace));
    const share = this.#shareOf(namespaces.map(([, { size }]) => size));
    const objects = namespaces.flatMap(([namespace, entries]) => this.#admit(namespace, entries, share));
    const all = namespaces.reduce((sum, [, { size }]) => sum + size, 0);
    return { objects, leftOut: all - objects.length };
  }

  /** The oldest objects of a namespace that have their turn. */
  #admit(namespace: string, entries: Map<string, Entry>, share: number): readonly ShownObject[] {
    const shown: ShownObject[] = [];
    for (const [key, entry] of entries) {
      if (shown.length >= share) break;
      if (!entry.isAdmitted && !this.#takeTurn(namespace)) continue;
      if (!entry.isAdmitted) entries.set(key, { ...entry, isAdmitted: true });
      shown.push(entry.shown);
    }
    return shown;
  }

  #takeTurn(namespace: string): boolean {
    const { perNamespace: burst, refillMs } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    const turns = this.#turns.get(namespace) ?? new TokenBucket({ burst, refillMs }, nowMs);
    this.#turns.set(namespace, turns);
    return turns.take(nowMs);
  }

  /** The largest share of one namespace with which all keep to the total. */
  #shareOf(sizes: readonly number[]): number {
    const { perNamespace, total } = this.#limits;
    let [share, tooMuch] = [0, perNamespace + 1];
    while (tooMuch - share > 1) {
      const middle = Math.floor((share + tooMuch) / 2);
      const sum = sizes.reduce((all, size) => all + Math.min(size, middle), 0);
      if (sum <= total) share = middle;
      else tooMuch = middle;
    }
    return share;
  }
}

function keyOf({ kind, name }: ShownName): string {
  return `${kind}/${name}`;
}
