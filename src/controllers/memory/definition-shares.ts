// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import { refusedDefinition } from '../../pipelines/refused-definition.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import { type ShareLimits, Shares } from '../../runtime/shares.ts';

export interface DefinitionLimits {
  /** Objects of one namespace. */
  readonly count: number;
  /** Bytes of the spec of one object. */
  readonly objectBytes: number;
  /** Bytes of specs, whose tenants are namespaces. */
  readonly bytes: ShareLimits;
}

const KIB = 1024;
const LIMITS: DefinitionLimits = {
  count: 200,
  objectBytes: 256 * KIB,
  bytes: { total: 64 * 1024 * KIB, perTenant: 2 * 1024 * KIB, assured: 512 * KIB },
};

/** A policy or backend as it is kept. */
export interface AdmittedDefinition {
  /** The object itself, or what is left of one that is refused. */
  readonly object: unknown;
  /** True when the namespace has no room for it: it takes no part in anything. */
  readonly isLeftOut: boolean;
}

interface Held {
  readonly namespace: string;
  readonly sizeBytes: number;
}

/**
 * The shares of namespaces in the memory for policies, or for backends. A spec that is too large is refused. A namespace that has used up its
 * share has its further objects left out: they say so in their status, and are read again once there is room. Kinds of the whole cluster,
 * which the platform's own people write, have no share.
 */
export class DefinitionShares {
  readonly #kinds: string;
  readonly #limits: DefinitionLimits;
  readonly #bytes: Shares;
  readonly #held = new Map<string, Held>();
  readonly #counts = new Shares();
  /** The objects of each namespace that are left out, the longest first. */
  readonly #leftOut = new Map<string, Set<string>>();
  readonly #withRoom = new Set<string>();
  #onRoom: (namespace: string) => void = () => undefined;

  /** @param kinds the objects for people, in the plural */
  constructor(kinds: string, limits: DefinitionLimits = LIMITS) {
    this.#kinds = kinds;
    this.#limits = limits;
    this.#bytes = new Shares(limits.bytes);
  }

  /** Called with each namespace that may have room because another one gave some back. */
  onRoom(listener: (namespace: string) => void): void {
    this.#onRoom = listener;
  }

  /** Takes up an object, or a new version of it. */
  admit(key: string, namespace: string, object: unknown): AdmittedDefinition {
    const before = this.#free(key);
    const { objectBytes } = this.#limits;
    const sizeBytes = approximateSizeBytes(field(object, 'spec'));
    const isTooLarge = sizeBytes > objectBytes;
    const held = { namespace, sizeBytes: isTooLarge ? 0 : sizeBytes };
    // One that has its place keeps it, however much others have taken since.
    const isKept = namespace === '' || (before !== undefined && held.sizeBytes <= before.sizeBytes);
    const full = isKept ? undefined : this.#fullness(held);
    if (full !== undefined) {
      this.#leftOut.set(namespace, (this.#leftOut.get(namespace) ?? new Set<string>()).add(key));
      if (before !== undefined) this.#noteRoom(namespace);
      this.#noteRoomOfAll(before?.sizeBytes ?? 0);
      return { object: refusedDefinition(object, full), isLeftOut: true };
    }
    const wasStandIn = this.#forgetLeftOut(key, namespace);
    if (before !== undefined) this.#noteRoomOfAll(before.sizeBytes - held.sizeBytes);
    const isSmaller = before !== undefined && held.sizeBytes < before.sizeBytes;
    if (wasStandIn || isSmaller) this.#noteRoom(namespace);
    this.#held.set(key, held);
    this.#counts.add(namespace, 1);
    this.#bytes.add(namespace, held.sizeBytes);
    if (!isTooLarge) return { object, isLeftOut: false };
    const why = `the spec is larger than ${objectBytes} bytes: shorten its lists and texts`;
    return { object: refusedDefinition(object, why), isLeftOut: false };
  }

  /** Forgets an object that was deleted. @returns true when others may have room now, or another has to stand for them */
  release(key: string, namespace: string): boolean {
    const freed = this.#free(key);
    const wasHeld = freed !== undefined;
    const wasStandIn = this.#forgetLeftOut(key, namespace);
    this.#noteRoomOfAll(freed?.sizeBytes ?? 0);
    return (wasHeld || wasStandIn) && this.#noteRoom(namespace);
  }

  /** True for the one that stands for all that are left out of its namespace. */
  isStandIn(key: string, namespace: string): boolean {
    const [first] = this.#leftOut.get(namespace) ?? [];
    return first === key;
  }

  /** Tells, once, that there may be room for objects of the namespace that were left out. */
  takeRoom(namespace: string): boolean {
    return this.#withRoom.delete(namespace);
  }

  /** Says so again: those that were left out could not be delivered. */
  returnRoom(namespace: string): void {
    this.#noteRoom(namespace);
  }

  /** The reason why one more has no place in its namespace, for its author. */
  #fullness({ namespace, sizeBytes }: Held): string | undefined {
    const { count } = this.#limits;
    const remedy = 'this one is left out until others are deleted';
    if (!(this.#counts.of(namespace) < count))
      return `namespace ${namespace} has more than ${count} ${this.#kinds}: ${remedy}`;
    if (!this.#bytes.fits(namespace, sizeBytes))
      return `the ${this.#kinds} of namespace ${namespace} are too large together: ${remedy}`;
    return undefined;
  }

  /** Those that are left out are to be delivered again. @returns false when there are none */
  #noteRoom(namespace: string): boolean {
    const isNeeded = this.#leftOut.has(namespace);
    if (isNeeded) this.#withRoom.add(namespace);
    return isNeeded;
  }

  /** Where the memory of all was used up, what one namespace gives back may be room for another. */
  #noteRoomOfAll(freedBytes: number): void {
    const { bytes, objectBytes } = this.#limits;
    const wasFull = this.#bytes.total + freedBytes + objectBytes > bytes.total;
    if (freedBytes <= 0 || !wasFull) return;
    for (const namespace of this.#leftOut.keys()) {
      this.#withRoom.add(namespace);
      this.#onRoom(namespace);
    }
  }

  /** @returns true for the one that stood for all that are left out */
  #forgetLeftOut(key: string, namespace: string): boolean {
    const wasStandIn = this.isStandIn(key, namespace);
    const keys = this.#leftOut.get(namespace);
    if (keys?.delete(key) === true && keys.size === 0) {
      this.#leftOut.delete(namespace);
      this.#withRoom.delete(namespace);
    }
    return wasStandIn;
  }

  #free(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#counts.add(held.namespace, -1);
    this.#bytes.add(held.namespace, -held.sizeBytes);
    return held;
  }
}

/** Delivers the definitions of a namespace once more, where one that was left out may have room now. When that fails, the next call does it. */
export async function takeUpLeftOut(
  shares: readonly DefinitionShares[],
  namespace: string,
  deliver: () => Promise<void>,
): Promise<void> {
  const withRoom = shares.filter((each) => each.takeRoom(namespace));
  if (withRoom.length === 0) return;
  try {
    await deliver();
  } catch (error) {
    for (const each of withRoom) each.returnRoom(namespace);
    throw error;
  }
}
