// SPDX-License-Identifier: Apache-2.0
import type { LanePlan, ServerPlan } from './lane-plan.fixture.ts';

/** A key that waits for a turn and for nothing else. */
export interface WaitingKey {
  readonly key: string;
  /** The servers that it could go to now. */
  readonly servers: readonly ServerPlan[];
}

export interface IdleLook {
  readonly nowMs: number;
  readonly toMs: number;
  readonly idle: number;
}

/** Looks at one key that one turn of the event loop may see. */
const MAX_LOOKS_A_TURN = 2;
/** Looks that one turn of the event loop may see, at the one end and the other. */
const MAX_KEYS_A_TURN = 128;
/** Looks at one key while no time passes: for an event of its own, for its turn in each lane, and some for what others did. */
const MAX_LOOKS_AN_INSTANT = 16;
/** No key may wait so long for a lane that is empty: what is due is looked at after half a second. */
const MAX_WAIT_MS = 1000;

/** Watches one world from outside for what must hold. */
export class LaneWatch {
  readonly faults: string[] = [];
  readonly #mostIdle: number;
  readonly #inside = new Map<ServerPlan, number>();
  readonly #looksThisTurn = new Map<string, number>();
  readonly #looksThisInstant = new Map<string, number>();
  readonly #sinceMs = new Map<string, number>();
  #keysThisTurn = 0;

  constructor({ shape, workers }: LanePlan) {
    // One namespace leaves so many workers to others: a quarter of them, or half, where the one that comes next counts as busy.
    const perIdle = shape === 'Record' ? 3 : 1;
    this.#mostIdle = (workers + perIdle) / (1 + perIdle);
  }

  /** A worker begins to look at a key. */
  began(key: string): void {
    this.#keysThisTurn += 1;
    const inTurn = count(this.#looksThisTurn, key, 1);
    if (inTurn > MAX_LOOKS_A_TURN) this.#fault(`${key} was looked at ${inTurn} times in one turn of the event loop`);
    if (this.#keysThisTurn > MAX_KEYS_A_TURN) this.#fault(`${this.#keysThisTurn} looks in one turn of the event loop`);
    const inInstant = count(this.#looksThisInstant, key, 1);
    if (inInstant > MAX_LOOKS_AN_INSTANT) this.#fault(`${key} was looked at ${inInstant} times at one instant`);
  }

  entered(server: ServerPlan): void {
    count(this.#inside, server, 1);
  }

  left(server: ServerPlan): void {
    count(this.#inside, server, -1);
  }

  turnEnded(): void {
    this.#looksThisTurn.clear();
    this.#keysThisTurn = 0;
  }

  instantEnded(): void {
    this.#looksThisInstant.clear();
  }

  /** Nothing happens any more from now on until `toMs`. */
  look({ nowMs, toMs, idle }: IdleLook, waiting: readonly WaitingKey[]): void {
    const stuck = new Map<string, string>();
    if (idle > this.#mostIdle) {
      for (const { key, servers } of waiting) {
        const empty = servers.find((server) => (this.#inside.get(server) ?? 0) === 0);
        if (empty !== undefined) stuck.set(key, empty.name);
      }
    }
    for (const key of this.#sinceMs.keys()) if (!stuck.has(key)) this.#sinceMs.delete(key);
    for (const [key, server] of stuck) {
      const sinceMs = this.#sinceMs.get(key) ?? nowMs;
      this.#sinceMs.set(key, sinceMs);
      if (toMs - sinceMs > MAX_WAIT_MS && toMs < Infinity)
        this.#fault(`${key} waits for ${server}, which has nothing to do, while ${idle} workers are idle`);
    }
  }

  /** The world ended, and these keys have not. */
  unfinished(how: string, keys: readonly string[]): void {
    if (how === 'Circle') this.#fault('the world goes round in circles, and no time passes');
    else if (keys.length > 0) this.#fault(`${keys.join(', ')} did not end`);
  }

  #fault(text: string): void {
    if (this.faults.length < 5) this.faults.push(text);
  }
}

function count<T>(counts: Map<T, number>, of: T, by: number): number {
  const result = (counts.get(of) ?? 0) + by;
  counts.set(of, result);
  return result;
}
