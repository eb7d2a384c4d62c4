// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Timers due within this span fire together, so that a world settles less often. */
const GRAIN_MS = 5;
/** The most steps in one turn of the event loop. Healthy worlds stay far below; an endless chain of promises exceeds it. */
const MAX_STEPS_A_TURN = 50_000;
/** The most turns of the event loop at one instant. */
const MAX_TURNS_AN_INSTANT = 2_000;

interface Alarm {
  readonly dueMs: number;
  readonly order: number;
  ring: (() => void) | undefined;
}

/**
 * A clock that stops while any code can run, then jumps to the next alarm. Each use of the clock counts as a step, which reveals code that
 * loops without time passing, within one turn of the event loop or over many.
 */
export class VirtualTime {
  readonly #alarms: Alarm[] = [];
  readonly #onStuck: (how: string) => void;
  #nowMs = 0;
  #order = 0;
  #steps = 0;
  #turnBegan = 0;
  #isStuck = false;

  /** @param onStuck must stop the loop: until then the event loop does not run */
  constructor(onStuck: (how: string) => void) {
    this.#onStuck = onStuck;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Counts a step. @throws when the loop continues after `onStuck` */
  step(): void {
    this.#steps += 1;
    const taken = this.#steps - this.#turnBegan;
    if (taken === MAX_STEPS_A_TURN) this.#stuck(`${taken} steps in one turn of the event loop`);
    if (taken > 2 * MAX_STEPS_A_TURN) throw new Error('the world does not stop going round in circles');
  }

  /** Calls `ring` after `ms`. @returns a function that cancels the alarm */
  after(ms: number, ring: () => void): () => void {
    this.step();
    const dueMs = Math.ceil((this.#nowMs + Math.max(0, ms)) / GRAIN_MS) * GRAIN_MS;
    const alarm: Alarm = { dueMs, order: (this.#order += 1), ring };
    this.#alarms.push(alarm);
    this.#rise(this.#alarms.length - 1);
    return () => {
      alarm.ring = undefined;
    };
  }

  /** Runs until `isOver` returns true, which it checks at each instant, or until no alarm is due before `untilMs`. */
  async run(untilMs: number, isOver: () => boolean): Promise<void> {
    await this.#settle();
    for (;;) {
      if (this.#isStuck || isOver()) return;
      const next = this.#alarms[0];
      if (next === undefined || next.dueMs > untilMs) return;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      for (let due = this.#takeDue(); due !== undefined; due = this.#takeDue()) due.ring?.();
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    for (let turns = 1; ; turns += 1) {
      const before = this.#steps;
      this.#turnBegan = before;
      await nextTurn();
      if (this.#steps === before || this.#isStuck) return;
      if (turns === MAX_TURNS_AN_INSTANT) this.#stuck(`${turns} turns of the event loop at one instant`);
    }
  }

  #stuck(how: string): void {
    if (this.#isStuck) return;
    this.#isStuck = true;
    this.#onStuck(how);
  }

  #takeDue(): Alarm | undefined {
    const first = this.#alarms[0];
    if (first === undefined || first.dueMs > this.#nowMs) return undefined;
    const last = this.#alarms.pop();
    if (last !== undefined && this.#alarms.length > 0) {
      this.#alarms[0] = last;
      this.#sink();
    }
    return first;
  }

  #rise(start: number): void {
    for (let index = start; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(): void {
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const first = this.#alarms[one];
    const second = this.#alarms[other];
    if (first === undefined || second === undefined) return false;
    return first.dueMs < second.dueMs || (first.dueMs === second.dueMs && first.order < second.order);
  }

  #swap(one: number, other: number): void {
    const first = this.#alarms[one];
    const second = this.#alarms[other];
    if (first === undefined || second === undefined) return;
    this.#alarms[one] = second;
    this.#alarms[other] = first;
  }
}
