// SPDX-License-Identifier: Apache-2.0
import type { CastEvent } from './cast.ts';

/** Tells what a demo is doing, how long it has been at it, and what the commands printed. Remembers it for a recording. */
export class Narrator {
  readonly #began = performance.now();
  readonly #steps: number;
  readonly #events: CastEvent[] = [];
  #step = 0;

  /** @param steps how many times `step` will be called */
  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return Math.round((performance.now() - this.#began) / 1000);
  }

  /** Everything that it has printed so far. */
  get events(): readonly CastEvent[] {
    return this.#events;
  }

  step(text: string): void {
    this.#step += 1;
    this.#print(`\n[${this.#step}/${this.#steps}, ${this.seconds} s] ${text}`);
  }

  /** A command as a user would type it, and what it printed. */
  command(commandLine: string, output = ''): void {
    this.#print(`  $ ${commandLine}`);
    const text = output.trimEnd();
    if (text !== '') this.#print(text.replace(/^/gm, '    '));
  }

  say(text: string): void {
    this.#print(`  ${text}`);
  }

  /** The last words, at the margin. */
  end(text: string): void {
    this.#print(`\n${text}`);
  }

  #print(text: string): void {
    console.log(text);
    const seconds = Number(((performance.now() - this.#began) / 1000).toFixed(2));
    this.#events.push({ seconds, text: `${text}\n` });
  }
}
