// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Timers that are close together ring together: a world has fewer instants to settle then. */
const GRAIN_MS = 5;
/** Steps that one turn of the event loop may take. All worlds together stay far below; a circle of promises never ends. */
const MAX_STEPS_A_TURN = 50_000;
/** Turns of the event loop at one instant. */
const MAX_TURNS_AN_INSTANT = 2_000;

interface Alarm {
  readonly dueMs: number;
  readonly order: number;
  ring: (() => void) | undefined;
}

/**
 * Time that stands still while anything can run and then jumps to the next alarm. Every use of the clock counts as a step, so that code
 * that goes round in circles without any time passing is noticed, in promises alone as well as over turns of the event loop.
 */
export class VirtualTime {
  readonly #alarms: Alarm[] = [];
  readonly #onStuck: (how: string) => void;
  #nowMs = 0;
  #order = 0;
  #steps = 0;
  #turnBegan = 0;
  #isStuck = false;

  /** @param onStuck has to stop what goes round: the event loop is not reached again before */
  constructor(onStuck: (how: string) => void) {
    this.#onStuck = onStuck;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Notes that something ran. @throws when the circle goes on after `onStuck` */
  step(): void {
    this.#steps += 1;
    const taken = this.#steps - this.#turnBegan;
    if (taken === MAX_STEPS_A_TURN) this.#stuck(`${taken} steps in one turn of the event loop`);
    if (taken > 2 * MAX_STEPS_A_TURN) throw new Error('the world does not stop going round in circles');
  }

  /** Rings after `ms`. @returns what takes the alarm back */
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

  /** Lets the world run until `isOver` says so, asked at each instant, or nothing is left to ring before `untilMs`. */
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
